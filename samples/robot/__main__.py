"""`python -m samples.robot --port 8000 --api http://127.0.0.1:7071`."""

from samples.robot.robot import robot

robot.main()
