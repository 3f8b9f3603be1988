"""Each port is tested on its fake and on the real adapter."""
