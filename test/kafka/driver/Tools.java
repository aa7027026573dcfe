import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.InputStream;
import java.io.PrintStream;
import java.lang.reflect.InvocationTargetException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
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

  record Ended(int status, String stdout, String stderr) {}

  private static final int LIMIT_MS = 60_000;

  /** A tool as its script runs it: what it prints to each stream, and how it ends. Tools of one process run one after the other. */
  static Ended tool(String mainClass, String[] args, String input) throws Exception {
    ByteArrayOutputStream stdout = new ByteArrayOutputStream(), stderr = new ByteArrayOutputStream();
    AtomicInteger status = new AtomicInteger(-1);
    List<Runnable> hooks = new ArrayList<>();
    PrintStream oldOut = System.out, oldErr = System.err;
    InputStream oldIn = System.in;
    // The first one counts: some tools catch everything, and then exit again.
    Exit.Procedure exits = (code, message) -> {
      status.compareAndSet(-1, code);
      throw new Exited(code);
    };
    Exit.setExitProcedure(exits);
    Exit.setHaltProcedure(exits);
    Exit.setShutdownHookAdder((name, hook) -> hooks.add(hook));
    System.setOut(new PrintStream(stdout, true, StandardCharsets.UTF_8));
    System.setErr(new PrintStream(stderr, true, StandardCharsets.UTF_8));
    System.setIn(new ByteArrayInputStream(input.getBytes(StandardCharsets.UTF_8)));
    Thread thread = new Thread(() -> {
      try {
        Class.forName(mainClass).getMethod("main", String[].class).invoke(null, (Object) args);
      } catch (InvocationTargetException failed) {
        if (!(failed.getCause() instanceof Exited)) {
          failed.getCause().printStackTrace();
          status.compareAndSet(-1, 1);
        }
      } catch (ReflectiveOperationException absent) {
        throw new IllegalStateException(absent);
      }
      hooks.forEach(Runnable::run);
    }, mainClass);
    try {
      thread.start();
      thread.join(LIMIT_MS);
      if (thread.isAlive()) {
        thread.interrupt();
        throw new IllegalStateException(mainClass + " does not end; it has printed: " + stdout + stderr);
      }
    } finally {
      System.setOut(oldOut);
      System.setErr(oldErr);
      System.setIn(oldIn);
      Exit.resetExitProcedure();
      Exit.resetHaltProcedure();
      Exit.resetShutdownHookAdder();
    }
    return new Ended(Math.max(status.get(), 0), stdout.toString(StandardCharsets.UTF_8), stderr.toString(StandardCharsets.UTF_8));
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
