package example.acme.chassis;

import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import com.google.protobuf.Parser;
import example.souk.policy.v1.ErrorReason;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.sqlite.SQLiteConfig;
import org.sqlite.SQLiteErrorCode;

/** A database in SQLite. What a write returns is on disk, and repeats get it again (C-WRITE). */
public final class Store implements AutoCloseable {
  /** Statements of one transaction. */
  @FunctionalInterface
  public interface Work<T> {
    T run(Connection tx) throws SQLException;
  }

  private static final Duration KEPT = Duration.ofDays(7);
  private static final String RECORDS =
      "CREATE TABLE souk_requests (owner TEXT NOT NULL, method TEXT NOT NULL, request_id TEXT NOT NULL, digest BLOB NOT NULL,"
          + " response BLOB NOT NULL, create_time INTEGER NOT NULL, PRIMARY KEY (owner, method, request_id)) WITHOUT ROWID;"
          + "CREATE INDEX souk_requests_by_time ON souk_requests (create_time)";

  private final Connection connection;
  private final Clock clock;

  private Store(Connection connection, Clock clock) {
    this.connection = connection;
    this.clock = clock;
  }

  /** Opens a database and migrates it; each migration runs once. */
  public static Store open(Path file, List<String> migrations, Clock clock) throws SQLException, StartException {
    // The driver unpacks its library; everything that is written is below the folder.
    System.setProperty("org.sqlite.tmpdir", file.toAbsolutePath().getParent().toString());
    SQLiteConfig config = new SQLiteConfig();
    config.setJournalMode(SQLiteConfig.JournalMode.WAL);
    config.setSynchronous(SQLiteConfig.SynchronousMode.FULL);
    Store store = new Store(config.createConnection("jdbc:sqlite:" + file), clock);
    List<String> all = new ArrayList<>(List.of(RECORDS));
    all.addAll(migrations);
    int version = store.write(Store::version);
    if (version > all.size()) {
      throw StartException.other("the schema of " + file + " is newer than this program", null);
    }
    for (String migration : all.subList(version, all.size())) {
      store.write(tx -> migrate(tx, migration));
    }
    return store;
  }

  /** Runs statements that change nothing, on one state of the records. */
  public <T> T read(Work<T> work) {
    return transaction("BEGIN", work);
  }

  /** Runs statements in one transaction. Nothing is returned before it is on disk. */
  public <T> T write(Work<T> work) {
    return transaction("BEGIN IMMEDIATE", work);
  }

  /** The driver would begin the next transaction at once, and lock the file between two of them. */
  private synchronized <T> T transaction(String begin, Work<T> work) {
    try {
      execute(begin);
      T result = work.run(connection);
      execute("COMMIT");
      return result;
    } catch (SQLException error) {
      rollBack();
      throw refusal(error);
    } catch (RuntimeException error) {
      rollBack();
      throw error;
    }
  }

  /** Runs a write once for each owner and `request_id`; a repeated one gets the first response. */
  public <R extends Message> R once(String owner, Message request, Parser<R> parser, Work<R> work) {
    String method = Request.current().method();
    FieldDescriptor field = request.getDescriptorForType().findFieldByName("request_id");
    String id = (String) request.getField(field);
    byte[] digest = sha256(request.toBuilder().clearField(field).build().toByteArray());
    return write(
        tx -> {
          R earlier = earlier(tx, owner, method, id, digest, parser);
          if (earlier != null) {
            return earlier;
          }
          R response = work.run(tx);
          record(tx, owner, method, id, digest, response);
          return response;
        });
  }

  @Override
  public synchronized void close() throws SQLException {
    connection.close();
  }

  private static <R extends Message> R earlier(
      Connection tx, String owner, String method, String id, byte[] digest, Parser<R> parser) throws SQLException {
    String find = "SELECT digest, response FROM souk_requests WHERE owner = ? AND method = ? AND request_id = ?";
    try (PreparedStatement statement = prepared(tx, find, owner, method, id); ResultSet row = statement.executeQuery()) {
      if (!row.next()) {
        return null;
      }
      if (!MessageDigest.isEqual(digest, row.getBytes(1))) {
        String rule = "was used before with another request";
        throw Refusal.of(ErrorReason.ERROR_REASON_REQUEST_ID_REUSED, "request_id " + rule)
            .naming(List.of(Refusal.violation("request_id", rule)));
      }
      return parser.parseFrom(row.getBytes(2));
    } catch (InvalidProtocolBufferException error) {
      throw new IllegalStateException(error);
    }
  }

  private void record(Connection tx, String owner, String method, String id, byte[] digest, Message response)
      throws SQLException {
    long now = clock.millis();
    try (PreparedStatement purge = prepared(tx, "DELETE FROM souk_requests WHERE create_time < ?", now - KEPT.toMillis())) {
      purge.executeUpdate();
    }
    String insert =
        "INSERT INTO souk_requests (owner, method, request_id, digest, response, create_time) VALUES (?, ?, ?, ?, ?, ?)";
    try (PreparedStatement statement = prepared(tx, insert, owner, method, id, digest, response.toByteArray(), now)) {
      statement.executeUpdate();
    }
  }

  /** Returns a statement with its parameters. */
  public static PreparedStatement prepared(Connection tx, String sql, Object... values) throws SQLException {
    PreparedStatement statement = tx.prepareStatement(sql);
    for (int at = 0; at < values.length; at++) {
      statement.setObject(at + 1, values[at]);
    }
    return statement;
  }

  private static int version(Connection tx) throws SQLException {
    try (Statement statement = tx.createStatement(); ResultSet row = statement.executeQuery("PRAGMA user_version")) {
      return row.getInt(1);
    }
  }

  private static int migrate(Connection tx, String migration) throws SQLException {
    int version = version(tx) + 1;
    try (Statement statement = tx.createStatement()) {
      for (String one : migration.split(";")) {
        statement.executeUpdate(one);
      }
      statement.executeUpdate("PRAGMA user_version = " + version);
    }
    return version;
  }

  private void execute(String sql) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      statement.execute(sql);
    }
  }

  private void rollBack() {
    try {
      execute("ROLLBACK");
    } catch (SQLException error) {
      // The error that led here says more.
    }
  }

  private static RuntimeException refusal(SQLException error) {
    if (error.getErrorCode() == SQLiteErrorCode.SQLITE_FULL.code) {
      return Refusal.of(ErrorReason.ERROR_REASON_DATABASE_FULL, "the disk of the service is full");
    }
    return new IllegalStateException(error);
  }

  private static byte[] sha256(byte[] bytes) {
    try {
      return MessageDigest.getInstance("SHA-256").digest(bytes);
    } catch (NoSuchAlgorithmException error) {
      throw new IllegalStateException(error);
    }
  }
}
