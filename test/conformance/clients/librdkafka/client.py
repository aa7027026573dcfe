"""librdkafka, through its binding for Python: `client.py SCENARIO HOST:PORT [ARGUMENT]` prints what it has seen as JSON.

Each scenario is called by the test of its name in librdkafka.client.test.ts, which has made the topics before.
"""

import json
import os
import sys
import time

from confluent_kafka import Consumer, KafkaException, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, ConfigResource, NewPartitions, NewTopic

LIMIT_S = 20


def until(condition, step):
    """Calls step until the condition holds."""
    deadline = time.monotonic() + LIMIT_S
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError("what was waited for did not happen")
        step()


def consumer_of(bootstrap, group, **more):
    settings = {"bootstrap.servers": bootstrap, "group.id": group, "auto.offset.reset": "earliest", "enable.auto.commit": False}
    settings["heartbeat.interval.ms"] = 100  # how soon it hears of a rebalance
    return Consumer({**settings, **{name.replace("_", "."): value for name, value in more.items()}})


def error_of(work):
    """The name of the error that it ends with."""
    try:
        work()
    except KafkaException as failed:
        return failed.args[0].name()
    return None


def produce(bootstrap, codec):
    """Delivery reports, with keys, headers and timestamps; and a record that the broker refuses."""
    producer = Producer({"bootstrap.servers": bootstrap, "compression.type": codec})
    reports = []

    def report(error, message):
        reports.append([error.name() if error else None, message.partition(), message.offset(), message.timestamp()[1]])

    for n in range(3):
        producer.produce("t", key=f"k{n}", value=f"v{n}" * 100, partition=0, timestamp=1_000 + n, headers={"h": "x"}, on_delivery=report)
    producer.flush(LIMIT_S)
    producer.produce("t", value=os.urandom(100_000), partition=0, on_delivery=report)
    producer.flush(LIMIT_S)
    return reports


def transform(bootstrap, _):
    """Reads numbers, writes them doubled, commits positions with them; every second transaction is aborted and done again."""
    consumer = consumer_of(bootstrap, "g", isolation_level="read_committed")
    producer = Producer({"bootstrap.servers": bootstrap, "transactional.id": "doubling"})
    producer.init_transactions(LIMIT_S)
    consumer.subscribe(["in"])
    done = set()
    tried = 0
    deadline = time.monotonic() + LIMIT_S
    while len(done) < 100 and time.monotonic() < deadline:
        messages = [message for message in consumer.consume(20, 0.3) if message.error() is None]
        if not messages:
            continue
        producer.begin_transaction()
        for message in messages:
            producer.produce("out", value=str(2 * int(message.value())), partition=message.partition())
        assigned = consumer.assignment()
        producer.send_offsets_to_transaction(consumer.position(assigned), consumer.consumer_group_metadata())
        tried += 1
        if tried % 2 == 1:
            producer.abort_transaction(LIMIT_S)
            for place in consumer.committed(assigned, LIMIT_S):
                consumer.seek(TopicPartition(place.topic, place.partition, max(place.offset, 0)))
            continue
        producer.commit_transaction(LIMIT_S)
        done.update(int(message.value()) for message in messages)
    consumer.close()
    return {"done": len(done), "more than one": tried > 4}


def fenced(bootstrap, _):
    """The second producer of a transactional id ends the transaction of the first."""
    first, second = (Producer({"bootstrap.servers": bootstrap, "transactional.id": "one"}) for _ in range(2))
    first.init_transactions(LIMIT_S)
    first.begin_transaction()
    first.produce("t", value="lost", partition=0)
    first.flush(LIMIT_S)
    second.init_transactions(LIMIT_S)
    error = error_of(lambda: first.commit_transaction(LIMIT_S))
    second.begin_transaction()
    second.produce("t", value="kept", partition=0)
    second.commit_transaction(LIMIT_S)
    return error


def zombie(bootstrap, _):
    """A member that the group does not have any more cannot commit positions with a transaction (KIP-447)."""
    consumer = consumer_of(bootstrap, "g")
    consumer.subscribe(["t"])
    until(consumer.assignment, lambda: consumer.poll(0.05))
    metadata = consumer.consumer_group_metadata()
    consumer.close()
    producer = Producer({"bootstrap.servers": bootstrap, "transactional.id": "one"})
    producer.init_transactions(LIMIT_S)
    producer.begin_transaction()
    error = error_of(lambda: producer.send_offsets_to_transaction([TopicPartition("t", 0, 1)], metadata, LIMIT_S))
    producer.abort_transaction(LIMIT_S)
    return error


def share(bootstrap, assignor):
    """Two members, then one: who has what of the four partitions, and what was revoked from the first meanwhile."""
    revoked = []
    first, second = (consumer_of(bootstrap, "g", partition_assignment_strategy=assignor) for _ in range(2))

    def poll():
        first.poll(0.05)
        second.poll(0.05)

    def shares():
        return [sorted(place.partition for place in one.assignment()) for one in (first, second)]

    first.subscribe(["t"], on_revoke=lambda _, places: revoked.extend(place.partition for place in places))
    until(lambda: len(first.assignment()) == 4, lambda: first.poll(0.05))
    second.subscribe(["t"])
    until(lambda: [len(share) for share in shares()] == [2, 2], poll)
    of_both, revoked_then = shares(), len(revoked)
    first.close()
    until(lambda: len(second.assignment()) == 4, lambda: second.poll(0.05))
    of_second = sorted(place.partition for place in second.assignment())
    second.close()
    return {"all": sorted(of_both[0] + of_both[1]), "revoked": revoked_then, "alone": of_second}


def static(bootstrap, _):
    """A static member that comes back has its partitions again, and no other member is asked (KIP-345)."""
    rebalances = []
    other = consumer_of(bootstrap, "g")
    member = consumer_of(bootstrap, "g", group_instance_id="i")
    other.subscribe(["t"], on_assign=lambda _, places: rebalances.append(len(places)))
    member.subscribe(["t"])

    def poll():
        other.poll(0.05)
        member.poll(0.05)

    until(lambda: len(other.assignment()) == 2 and len(member.assignment()) == 2, poll)
    before, had = len(rebalances), sorted(place.partition for place in member.assignment())
    member.close()
    member = consumer_of(bootstrap, "g", group_instance_id="i")
    member.subscribe(["t"])
    until(lambda: len(member.assignment()) == 2, poll)
    has = sorted(place.partition for place in member.assignment())
    member.close()
    other.close()
    return {"the same": had == has, "rebalances": len(rebalances) - before}


def positions(bootstrap, _):
    """Offsets by time, watermarks, commits, seeks and pauses."""
    consumer = consumer_of(bootstrap, "g")
    place = TopicPartition("t", 0)
    by_time = [consumer.offsets_for_times([TopicPartition("t", 0, at)], LIMIT_S)[0].offset for at in (1_000, 1_005, 9_000)]
    consumer.assign([TopicPartition("t", 0, 3)])
    seen = []

    def poll():
        message = consumer.poll(0.05)
        if message is not None and message.error() is None:
            seen.append(message.offset())

    until(lambda: len(seen) == 2, poll)
    consumer.commit(asynchronous=False)
    consumer.seek(TopicPartition("t", 0, 1))
    until(lambda: len(seen) == 6, poll)
    return {
        "by time": by_time,
        "watermarks": consumer.get_watermark_offsets(place, LIMIT_S),
        "committed": consumer.committed([place], LIMIT_S)[0].offset,
        "seen": seen,
    }


def admin(bootstrap, _):
    """Topics, partitions, settings and groups."""
    client = AdminClient({"bootstrap.servers": bootstrap})

    def all_of(futures):
        return {str(key): error_of(future.result) for key, future in futures.items()}

    topic = ConfigResource("topic", "made")
    made = all_of(client.create_topics([NewTopic("made", 2, 1, config={"retention.ms": "7000"})]))
    again = all_of(client.create_topics([NewTopic("made", 2, 1)]))
    tried = all_of(client.create_topics([NewTopic("only-tried", 2, 1)], validate_only=True))
    wrong = all_of(client.create_topics([NewTopic("wrong", 2, 1, config={"retention.ms": "soon"})]))
    more = all_of(client.create_partitions([NewPartitions("made", 3)]))
    fewer = all_of(client.create_partitions([NewPartitions("made", 1)]))
    altered = [error_of(one.result) for one in client.alter_configs([ConfigResource("topic", "made", set_config={"retention.ms": "8000"})]).values()]
    (described,) = client.describe_configs([topic]).values()
    retention = described.result()["retention.ms"]
    (broker,) = client.describe_configs([ConfigResource("broker", "1")]).values()
    node = broker.result()["node.id"].value
    consumer = consumer_of(bootstrap, "g")
    consumer.subscribe(["made"])
    until(consumer.assignment, lambda: consumer.poll(0.05))
    (group,) = client.list_groups(timeout=LIMIT_S)
    consumer.close()
    listed = client.list_topics(timeout=LIMIT_S)
    deleted = all_of(client.delete_topics(["made", "absent"]))
    return {
        "made": made,
        "again": again,
        "tried": tried,
        "wrong": wrong,
        "more": more,
        "fewer": fewer,
        "altered": altered,
        "retention": [retention.value, retention.source, retention.is_default],
        "node": node,
        "group": [group.id, group.state, group.protocol_type, group.protocol, len(group.members)],
        "partitions": len(listed.topics["made"].partitions),
        "topics": sorted(name for name in listed.topics if not name.startswith("__")),
        "deleted": deleted,
    }


if __name__ == "__main__":
    scenario, bootstrap, argument = (sys.argv[1:] + [None])[:3]
    print(json.dumps(globals()[scenario](bootstrap, argument)))
