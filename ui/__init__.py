"""The editor: Qt widgets round an immutable document."""
