"""`python -m samples.misbehaving_robot --port 8001 --api http://127.0.0.1:7071`."""

from samples.misbehaving_robot.robot import MisbehavingRobot
from samples.robot_from_scratch.serve import main

main(lambda exchange: MisbehavingRobot(exchange).make_app())
