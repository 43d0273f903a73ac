"""The starter model: a world of rendered landscapes, and a network trained on nothing else."""
