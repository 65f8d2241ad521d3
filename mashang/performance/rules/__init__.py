"""The scoring engine: pure, without database or web. See docs/performance.md and docs/scheme-format.md."""
