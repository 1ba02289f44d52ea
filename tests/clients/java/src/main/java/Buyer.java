import com.google.protobuf.Any;
import com.google.rpc.ErrorInfo;
import io.grpc.Grpc;
import io.grpc.InsecureChannelCredentials;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.StatusRuntimeException;
import io.grpc.protobuf.StatusProto;
import io.grpc.stub.MetadataUtils;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.util.Base64;
import java.util.concurrent.TimeUnit;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import souk.orders.v1.OrderOuterClass.Order;
import souk.orders.v1.OrderServiceGrpc;
import souk.orders.v1.OrderServiceOuterClass.PlaceOrderLine;
import souk.orders.v1.OrderServiceOuterClass.PlaceOrderRequest;

/** Places an order against a shop and prints its state: what docs/clients.md says about Java, as a program. */
public final class Buyer {
  /** Signs development tokens unless a shop is configured with another. It is no secret. */
  private static final String DEVELOPMENT_KEY = "souk-development-key-that-is-no-secret";

  public static void main(String[] arguments) throws Exception {
    ManagedChannel shop = Grpc.newChannelBuilder(arguments[0], InsecureChannelCredentials.create()).build();
    try {
      Metadata headers = new Metadata();
      headers.put(Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER), "Bearer " + developmentToken("user:alice"));
      var orders =
          OrderServiceGrpc.newBlockingStub(shop)
              .withInterceptors(MetadataUtils.newAttachHeadersInterceptor(headers))
              .withDeadlineAfter(15, TimeUnit.SECONDS);

      Order placed = orders.placeOrder(order("from-java", 2)).getOrder();
      System.out.println(placed.getOrderId() + " " + placed.getState() + " " + placed.getTotal().getMinorUnits());

      try {
        orders.placeOrder(order("too-many-from-java", 1_000_000));
      } catch (StatusRuntimeException refused) {
        for (Any detail : StatusProto.fromThrowable(refused).getDetailsList()) {
          if (detail.is(ErrorInfo.class)) {
            ErrorInfo info = detail.unpack(ErrorInfo.class);
            System.out.println(info.getReason() + " " + info.getMetadataMap().get("sku"));
          }
        }
      }
    } finally {
      shop.shutdownNow().awaitTermination(5, TimeUnit.SECONDS);
    }
  }

  /** The same order whenever it is sent with the same id, and placed once. */
  private static PlaceOrderRequest order(String requestId, long quantity) {
    return PlaceOrderRequest.newBuilder()
        .setRequestId(requestId)
        .setCurrencyCode("GBP")
        .setPaymentMethod("tok_approved")
        .addLines(PlaceOrderLine.newBuilder().setSku("TEA-MINT-100").setQuantity(quantity))
        .build();
  }

  /** Returns a token for user:ID, service:NAME or staff. Only shops on loopback addresses accept it. */
  private static String developmentToken(String who) throws GeneralSecurityException {
    Base64.Encoder base64 = Base64.getUrlEncoder().withoutPadding();
    String payload = base64.encodeToString(who.getBytes(StandardCharsets.UTF_8));
    Mac mac = Mac.getInstance("HmacSHA256");
    mac.init(new SecretKeySpec(DEVELOPMENT_KEY.getBytes(StandardCharsets.UTF_8), "HmacSHA256"));
    return "souk-dev." + payload + "." + base64.encodeToString(mac.doFinal(payload.getBytes(StandardCharsets.UTF_8)));
  }
}
