import java.time.Duration;
import org.apache.kafka.streams.kstream.CogroupedKStream;
import org.apache.kafka.streams.kstream.KGroupedStream;
import org.apache.kafka.streams.kstream.SessionWindows;
import org.apache.kafka.streams.kstream.SlidingWindows;
import org.apache.kafka.streams.kstream.TimeWindows;

/** The windows of a grouped or cogrouped stream. */
@SuppressWarnings("unchecked")
class WindowedStep {
  static Object of(Object grouped, Step step) {
    return grouped instanceof CogroupedKStream<?, ?> cogrouped
        ? ofCogrouped((CogroupedKStream<Object, Object>) cogrouped, step)
        : ofGrouped((KGroupedStream<Object, Object>) grouped, step);
  }

  private static Object ofGrouped(KGroupedStream<Object, Object> grouped, Step step) {
    return switch (step.op) {
      case "session" -> grouped.windowedBy(sessions(step));
      case "sliding" -> grouped.windowedBy(sliding(step));
      default -> grouped.windowedBy(times(step));
    };
  }

  private static Object ofCogrouped(CogroupedKStream<Object, Object> cogrouped, Step step) {
    return switch (step.op) {
      case "session" -> cogrouped.windowedBy(sessions(step));
      case "sliding" -> cogrouped.windowedBy(sliding(step));
      default -> cogrouped.windowedBy(times(step));
    };
  }

  private static SessionWindows sessions(Step step) {
    return SessionWindows.ofInactivityGapAndGrace(step.millis("gap"), step.millis("grace"));
  }

  private static SlidingWindows sliding(Step step) {
    return SlidingWindows.ofTimeDifferenceAndGrace(step.millis("difference"), step.millis("grace"));
  }

  private static TimeWindows times(Step step) {
    Duration size = step.millis("size");
    return TimeWindows.ofSizeAndGrace(size, step.millis("grace")).advanceBy(step.has("advance") ? step.millis("advance") : size);
  }
}
