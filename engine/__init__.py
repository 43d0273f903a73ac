"""The engine: diffusion models, solvers and edits. It knows neither the editor nor Qt (but for `worker`)."""
