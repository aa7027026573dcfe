import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.DoubleNode;
import com.fasterxml.jackson.databind.node.LongNode;
import com.fasterxml.jackson.databind.node.NullNode;
import com.fasterxml.jackson.databind.node.TextNode;
import com.sun.management.OperatingSystemMXBean;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.List;

/** The commands by name; kafka-driver.ts has their types. */
class Commands {
  private static final OperatingSystemMXBean SYSTEM = (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
  private final Server server;
  private final Clients clients;
  private final Consumers consumers = new Consumers();

  Commands(Server server, Clients clients) {
    this.server = server;
    this.clients = clients;
  }

  JsonNode run(JsonNode it) throws Exception {
    switch (it.get("op").asText()) {
      case "format":
        server.livesIn(Path.of(text(it, "properties")).getParent());
        return output(Tools.format(text(it, "properties"), text(it, "clusterId")));
      case "start":
        server.start(Json.settings(it.get("settings")));
        return NullNode.instance;
      case "stop":
        clients.close();
        server.stop();
        return NullNode.instance;
      case "connect":
        clients.connect(text(it, "bootstrap"));
        return NullNode.instance;
      case "cpuSeconds":
        return DoubleNode.valueOf(SYSTEM.getProcessCpuTime() / 1e9);
      case "createTopic":
        return TextNode.valueOf(clients.createTopic(text(it, "topic"), it.get("partitions").asInt(), Json.settings(it.get("config"))));
      case "alterTopicConfig":
        clients.alterTopicConfig(text(it, "topic"), it.get("changes"));
        return NullNode.instance;
      case "deleteRecords":
        return LongNode.valueOf(clients.deleteRecords(text(it, "topic"), it.get("partition").asInt(), it.get("before").asLong()));
      case "listOffset":
        return clients.listOffset(text(it, "topic"), it.get("partition").asInt(), it.get("at"));
      case "groupOffsets":
        return clients.groupOffsets(text(it, "group"));
      case "openProducer":
        clients.openProducer(text(it, "producer"), it.get("config"));
        return NullNode.instance;
      case "send":
        return clients.send(text(it, "producer"), it.get("records"));
      case "begin":
        clients.begin(text(it, "producer"));
        return NullNode.instance;
      case "sendOffsets":
        clients.sendOffsets(text(it, "producer"), text(it, "group"), it.get("positions"));
        return NullNode.instance;
      case "end":
        clients.end(text(it, "producer"), text(it, "transactionalId"), text(it, "how").equals("commit"));
        return NullNode.instance;
      case "closeProducer":
        clients.closeProducer(text(it, "producer"));
        return NullNode.instance;
      case "produceRaw":
        return clients.produceRaw(text(it, "topic"), it.get("partition").asInt(), it);
      case "describeProducers":
        return clients.describeProducers(text(it, "topic"), it.get("partition").asInt());
      case "consume":
        return clients.consume(text(it, "topic"), it.get("partition").asInt(), text(it, "isolation"));
      case "openConsumer":
        consumers.open(text(it, "consumer"), clients.settings(it.get("config")), List.of(Json.texts(it.get("topics"))), it.get("pattern"));
        return NullNode.instance;
      case "poll":
        return consumers.poll(text(it, "consumer"), it.get("forMs").asInt());
      case "commit":
        return consumers.commit(text(it, "consumer"));
      case "sendPositions":
        clients.producer(text(it, "producer")).sendOffsetsToTransaction(consumers.positions(text(it, "consumer")), consumers.group(text(it, "consumer")));
        return NullNode.instance;
      case "closeConsumer":
        consumers.close(text(it, "consumer"));
        return NullNode.instance;
      case "administer":
        return Administration.run(clients.admin(), text(it, "topic"));
      case "dumpLog":
        return output(Tools.dumpLog(Json.texts(it.get("args"))));
      case "tool":
        return output(Tools.tool(text(it, "mainClass"), Json.texts(it.get("args")), text(it, "input")));
      case "readSegment":
        return Files.segment(text(it, "path"));
      case "readProducerSnapshot":
        return Files.producerSnapshot(text(it, "path"));
      case "readTransactionIndex":
        return Files.transactionIndex(text(it, "path"));
      case "protocolDefinitions":
        return Protocol.definitions(Json.texts(it.get("messages")));
      case "protocolErrors":
        return Protocol.errors();
      case "roundTrips":
        return Protocol.roundTrips(it.get("frames"));
      case "runTopology":
        return TopologyCase.run(it.get("topology"), it.get("input"));
      default:
        throw new IllegalArgumentException("no command " + it.get("op"));
    }
  }

  private static String text(JsonNode it, String field) {
    return it.get(field).asText();
  }

  private static JsonNode output(Tools.Ended ended) {
    return Driver.JSON.createObjectNode().put("code", ended.status()).put("stdout", ended.stdout()).put("stderr", ended.stderr());
  }

  private static JsonNode output(Tools.Output output) {
    return Driver.JSON.createObjectNode().put("status", output.status()).put("text", output.text());
  }
}
