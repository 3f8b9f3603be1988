"""The sample references, the demo, and the sample robots over real HTTP against a fake exchange."""
