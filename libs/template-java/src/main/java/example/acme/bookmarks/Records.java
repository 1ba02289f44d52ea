package example.acme.bookmarks;

import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Timestamp;
import example.acme.bookmarks.v1.AddBookmarkRequest;
import example.acme.bookmarks.v1.Bookmark;
import example.acme.bookmarks.v1.ErrorReason;
import example.acme.chassis.Ids;
import example.acme.chassis.Refusal;
import example.acme.chassis.Service.Report;
import example.souk.ops.v1.AuditCount;
import example.souk.ops.v1.AuditFinding;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

import static example.acme.chassis.Store.prepared;

/** The bookmarks of all customers. */
final class Records {
  private final long most;
  private final Clock clock;

  Records(long most, Clock clock) {
    this.most = most;
    this.clock = clock;
  }

  /** Returns the bookmarks of a customer, the newest first. */
  List<Bookmark> list(Connection tx, String customer, int limit) throws SQLException {
    String list = "SELECT bookmark FROM bookmarks WHERE customer_id = ? ORDER BY number DESC LIMIT ?";
    List<Bookmark> found = new ArrayList<>();
    try (PreparedStatement statement = prepared(tx, list, customer, limit); ResultSet rows = statement.executeQuery()) {
      while (rows.next()) {
        found.add(Bookmark.parseFrom(rows.getBytes(1)));
      }
    } catch (InvalidProtocolBufferException error) {
      throw new IllegalStateException(error);
    }
    return found;
  }

  /** Adds a bookmark. */
  Bookmark add(Connection tx, AddBookmarkRequest request) throws SQLException {
    if (countOf(tx, "SELECT COUNT(*) FROM bookmarks WHERE customer_id = ?", request.getCustomerId()) >= most) {
      throw Refusal.of(ErrorReason.ERROR_REASON_TOO_MANY_BOOKMARKS,
          "a customer has at most " + most + " bookmarks", Map.of("most", String.valueOf(most)));
    }
    Instant now = clock.instant();
    Timestamp.Builder written = Timestamp.newBuilder().setSeconds(now.getEpochSecond()).setNanos(now.getNano());
    Bookmark bookmark =
        Bookmark.newBuilder()
            .setBookmarkId(Ids.next("bookmark", now))
            .setCustomerId(request.getCustomerId())
            .setSku(request.getSku())
            .setNote(request.getNote())
            .setCreateTime(request.hasCreateTime() ? request.getCreateTime() : written.build())
            .build();
    String insert = "INSERT INTO bookmarks (bookmark, customer_id) VALUES (?, ?)";
    try (PreparedStatement statement = prepared(tx, insert, bookmark.toByteArray(), bookmark.getCustomerId())) {
      statement.executeUpdate();
    }
    return bookmark;
  }

  long count(Connection tx) throws SQLException {
    return countOf(tx, "SELECT COUNT(*) FROM bookmarks");
  }

  /** Finds customers that have more bookmarks than they may. */
  Report check(Connection tx) throws SQLException {
    String many = "SELECT customer_id, COUNT(*) FROM bookmarks GROUP BY customer_id HAVING COUNT(*) > ?";
    List<AuditFinding> findings = new ArrayList<>();
    try (PreparedStatement statement = prepared(tx, many, most); ResultSet rows = statement.executeQuery()) {
      while (rows.next()) {
        String detail = "it has " + rows.getLong(2) + " bookmarks, at most " + most + " are allowed";
        AuditFinding.Builder finding = AuditFinding.newBuilder().setInvariant("a customer has few bookmarks");
        findings.add(finding.setSubject(rows.getString(1)).setDetail(detail).build());
      }
    }
    return new Report(List.of(AuditCount.newBuilder().setWhat("bookmarks").setCount(count(tx)).build()), findings);
  }

  private static long countOf(Connection tx, String sql, Object... values) throws SQLException {
    try (PreparedStatement statement = prepared(tx, sql, values); ResultSet row = statement.executeQuery()) {
      return row.getLong(1);
    }
  }
}
