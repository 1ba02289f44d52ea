package example.acme.chassis;

/** Why a process does not start: one line, and an exit code. */
public final class StartException extends Exception {
  private static final int CONFIGURATION = 64;

  final int exit;

  private StartException(int exit, String message, Throwable cause) {
    super(message, cause);
    this.exit = exit;
  }

  /** A setting or an argument is wrong. */
  public static StartException setting(String message) {
    return new StartException(CONFIGURATION, message, null);
  }

  /** Anything else. */
  public static StartException other(String message, Throwable cause) {
    return new StartException(1, message, cause);
  }
}
