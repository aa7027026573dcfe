import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import org.apache.kafka.common.utils.Exit;
import org.apache.kafka.tools.DumpLogSegments;

/** Kafka's command line tools, called without a process of their own. */
class Tools {
  record Output(int status, String text) {}

  interface Tool {
    int run(PrintStream out) throws Exception;
  }

  /** An id may begin with a dash, so it stands in one word with its option. */
  static Output format(String properties, String clusterId) throws Exception {
    return run(out -> kafka.tools.StorageTool.execute(new String[] {"format", "--cluster-id=" + clusterId, "-c", properties}, out));
  }

  static Output dumpLog(String[] args) throws Exception {
    return run(out -> {
      DumpLogSegments.main(args);
      return 0;
    });
  }

  private static final class Exited extends RuntimeException {
    private static final long serialVersionUID = 1;
    final int status;

    Exited(int status) {
      this.status = status;
    }
  }

  /** What it prints, to either stream, and how it ends. */
  private static Output run(Tool tool) throws Exception {
    ByteArrayOutputStream text = new ByteArrayOutputStream();
    PrintStream out = new PrintStream(text, true, StandardCharsets.UTF_8);
    PrintStream oldOut = System.out, oldErr = System.err;
    Exit.setExitProcedure((status, message) -> {
      throw new Exited(status);
    });
    System.setOut(out);
    System.setErr(out);
    int status;
    try {
      status = tool.run(out);
    } catch (Exited exited) {
      status = exited.status;
    } finally {
      System.setOut(oldOut);
      System.setErr(oldErr);
      Exit.resetExitProcedure();
    }
    return new Output(status, text.toString(StandardCharsets.UTF_8));
  }
}
