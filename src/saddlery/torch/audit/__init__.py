"""A pre-flight check of adversarial losses on one batch."""
