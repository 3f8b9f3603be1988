"""The sample references, robots and demo: the robots over real HTTP, against a stand-in of the exchange."""
