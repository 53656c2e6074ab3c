from amqp.basic_message import Message as Message
from amqp.channel import Channel as Channel
from amqp.connection import Connection as Connection
from amqp.exceptions import AMQPError as AMQPError
from amqp.exceptions import ChannelError as ChannelError
from amqp.exceptions import ConnectionError as ConnectionError
