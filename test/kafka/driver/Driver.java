import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.ExecutionException;

/**
 * One Java process that does everything a test wants of a real Kafka: it runs the broker, the clients and the tools.
 *
 * <p>Standard input: a line of JSON a command, {"id", "op", ...}. Standard output: a line of JSON an answer, {"id", "answer"} or
 * {"id", "error": {"type", "message"}}. Commands are done one after the other.
 *
 * <p>It ends when its input ends (so also when whoever started it was killed), and after the seconds of its only argument.
 */
public class Driver {
  static final ObjectMapper JSON = new ObjectMapper();

  public static void main(String[] args) throws Exception {
    haltAfter(Integer.parseInt(args[0]));
    // Kafka's tools print; their output is an answer of its own.
    PrintStream answers = new PrintStream(System.out, true, StandardCharsets.UTF_8);
    System.setOut(System.err);
    try (Server server = new Server();
        Clients clients = new Clients()) {
      Commands commands = new Commands(server, clients);
      BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
      for (String line = in.readLine(); line != null; line = in.readLine()) answers.println(answer(commands, JSON.readTree(line)));
      haltAfter(20); // a broker that does not want to stop
    }
    Runtime.getRuntime().halt(0);
  }

  private static String answer(Commands commands, JsonNode command) {
    ObjectNode answer = JSON.createObjectNode().put("id", command.get("id").asInt());
    try {
      answer.set("answer", commands.run(command));
    } catch (Throwable thrown) {
      Throwable cause = thrown instanceof ExecutionException ? thrown.getCause() : thrown;
      answer.putObject("error").put("type", cause.getClass().getSimpleName()).put("message", String.valueOf(cause.getMessage()));
      if (!(cause instanceof org.apache.kafka.common.errors.ApiException)) cause.printStackTrace();
    }
    return answer.toString();
  }

  private static void haltAfter(int seconds) {
    Thread thread = new Thread(() -> {
      try {
        Thread.sleep(seconds * 1000L);
      } catch (InterruptedException impossible) {
        return;
      }
      System.err.println("the time limit of " + seconds + " s has passed");
      Runtime.getRuntime().halt(3);
    });
    thread.setDaemon(true);
    thread.start();
  }
}
