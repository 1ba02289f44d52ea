package example.acme.bookmarks;

import example.acme.bookmarks.v1.AddBookmarkRequest;
import example.acme.bookmarks.v1.AddBookmarkResponse;
import example.acme.bookmarks.v1.Bookmark;
import example.acme.bookmarks.v1.BookmarkServiceGrpc.BookmarkServiceImplBase;
import example.acme.bookmarks.v1.ListBookmarksRequest;
import example.acme.bookmarks.v1.ListBookmarksResponse;
import example.acme.chassis.Refusal;
import example.acme.chassis.Store;
import io.grpc.stub.StreamObserver;
import java.util.List;

/** The methods. A request that arrives here keeps the rules, and names the customer it is for. */
final class Rpc extends BookmarkServiceImplBase {
  private static final int USUAL_PAGE = 100;

  private final Store store;
  private final Records records;

  Rpc(Store store, Records records) {
    this.store = store;
    this.records = records;
  }

  @Override
  public void listBookmarks(ListBookmarksRequest request, StreamObserver<ListBookmarksResponse> observer) {
    int most = request.getPageSize() == 0 ? USUAL_PAGE : request.getPageSize();
    String customer = named(request.getCustomerId());
    List<Bookmark> found = store.read(tx -> records.list(tx, customer, most));
    observer.onNext(ListBookmarksResponse.newBuilder().addAllBookmarks(found).build());
    observer.onCompleted();
  }

  @Override
  public void addBookmark(AddBookmarkRequest request, StreamObserver<AddBookmarkResponse> observer) {
    AddBookmarkResponse response =
        store.once(
            named(request.getCustomerId()),
            request,
            AddBookmarkResponse.parser(),
            tx -> AddBookmarkResponse.newBuilder().setBookmark(records.add(tx, request)).build());
    observer.onNext(response);
    observer.onCompleted();
  }

  /** A person has a customer; staff must name one. */
  private static String named(String customer) {
    if (customer.isEmpty()) {
      throw Refusal.invalid("acme.bookmarks", "customer_id", "must name a customer");
    }
    return customer;
  }
}
