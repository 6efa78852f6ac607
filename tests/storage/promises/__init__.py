"""The promises of storage, each with its proof."""
