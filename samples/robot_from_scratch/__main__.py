"""`python -m samples.robot_from_scratch --port 8000 --api http://127.0.0.1:7071`."""

from samples.robot_from_scratch.serve import main

main()
