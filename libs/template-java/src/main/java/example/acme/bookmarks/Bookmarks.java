package example.acme.bookmarks;

import example.acme.chassis.Chassis;
import example.acme.chassis.Service;
import example.acme.chassis.Store;
import java.util.List;

/** Starts the service: this file says what is in it, Rpc has its methods, Records what it keeps. */
public final class Bookmarks {
  private static final List<String> MIGRATIONS =
      List.of(
          "CREATE TABLE bookmarks (number INTEGER PRIMARY KEY, bookmark BLOB NOT NULL, customer_id TEXT NOT NULL);"
              + "CREATE INDEX bookmarks_by_customer ON bookmarks (customer_id, number)");

  public static void main(String[] arguments) {
    Chassis.main("bookmarks", Bookmarks.class, Bookmarks::build, arguments);
  }

  private static void build(Service service) throws Exception {
    long most = service.settings.number("bookmarks.most_per_customer");
    if (most < 1) {
      throw service.settings.wrong("bookmarks.most_per_customer", "must be at least 1");
    }
    Store store = Store.open(service.dataDir.resolve("bookmarks.db"), MIGRATIONS, service.clock);
    Records records = new Records(most, service.clock);
    service.serve(new Rpc(store, records));
    service.invariants(() -> store.read(records::check));
    service.ready(() -> store.read(records::count));
    service.closeLast(store);
  }
}
