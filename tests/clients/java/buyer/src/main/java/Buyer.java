import build.buf.protovalidate.ValidationResult;
import build.buf.protovalidate.Validator;
import build.buf.protovalidate.ValidatorFactory;
import com.google.gson.Gson;
import com.google.gson.reflect.TypeToken;
import com.google.protobuf.Any;
import com.google.rpc.ErrorInfo;
import example.souk.orders.v1.ErrorReason;
import example.souk.orders.v1.Order;
import example.souk.orders.v1.OrderServiceGrpc;
import example.souk.orders.v1.PlaceOrderLine;
import example.souk.orders.v1.PlaceOrderRequest;
import io.grpc.Grpc;
import io.grpc.InsecureChannelCredentials;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.StatusRuntimeException;
import io.grpc.protobuf.StatusProto;
import io.grpc.stub.MetadataUtils;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.Reader;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.Base64;
import java.util.HexFormat;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/** Places an order against a shop and prints its state: what docs/clients.md says about Java, as a program. */
public final class Buyer {
  /** Signs development tokens unless a shop is configured with another. It is no secret. */
  private static final String DEVELOPMENT_KEY = "souk-development-key-that-is-no-secret";

  public static void main(String[] arguments) throws Exception {
    // The deadline of each method, and which calls gRPC retries, come from the contract.
    ManagedChannel shop =
        Grpc.newChannelBuilder(arguments[0], InsecureChannelCredentials.create())
            .defaultServiceConfig(serviceConfig())
            .disableServiceConfigLookUp()
            .build();
    try {
      Metadata headers = new Metadata();
      headers.put(Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER), "Bearer " + developmentToken("user:alice"));
      var orders = OrderServiceGrpc.newBlockingStub(shop).withInterceptors(MetadataUtils.newAttachHeadersInterceptor(headers));

      // The official validator knows the rules of the contract.
      Validator validator = ValidatorFactory.newBuilder().build();
      PlaceOrderRequest request = order("from-java", 2);
      if (!validator.validate(request).isSuccess()) {
        throw new IllegalStateException(validator.validate(request).toString());
      }
      Order placed = orders.placeOrder(request).getOrder();
      System.out.println(placed.getOrderId() + " " + placed.getState() + " " + placed.getTotal().getMinorUnits());

      ValidationResult refusal = validator.validate(order("none-from-java", 0));
      System.out.println("not sent: " + refusal);

      try {
        orders.placeOrder(order("too-many-from-java", 1_000_000));
      } catch (StatusRuntimeException refused) {
        for (Any detail : StatusProto.fromThrowable(refused).getDetailsList()) {
          if (detail.is(ErrorInfo.class)) {
            ErrorInfo info = detail.unpack(ErrorInfo.class);
            if (info.getReason().equals(ErrorReason.ERROR_REASON_OUT_OF_STOCK.name())) {
              System.out.println(info.getReason() + " " + info.getMetadataMap().get("sku"));
            }
          }
        }
      }
    } finally {
      shop.shutdownNow().awaitTermination(5, TimeUnit.SECONDS);
    }
  }

  /** The same order whenever it is sent with the same id, and placed once. */
  private static PlaceOrderRequest order(String requestId, int quantity) {
    return PlaceOrderRequest.newBuilder()
        .setRequestId(requestId)
        .setCurrencyCode("GBP")
        .setPaymentMethod("tok_approved")
        .addLines(PlaceOrderLine.newBuilder().setSku("TEA-MINT-100").setQuantity(quantity))
        .build();
  }

  /** Returns the service config of the contract, in the form that gRPC for Java takes. */
  private static Map<String, ?> serviceConfig() throws IOException {
    try (Reader json = new InputStreamReader(Buyer.class.getResourceAsStream("/example/souk/service_config.json"), StandardCharsets.UTF_8)) {
      return new Gson().fromJson(json, new TypeToken<Map<String, Object>>() {});
    }
  }

  /** Returns a token for user:ID, which names its customer. Only shops on loopback addresses accept it. */
  private static String developmentToken(String who) throws GeneralSecurityException {
    Base64.Encoder base64 = Base64.getUrlEncoder().withoutPadding();
    String claims = who + " customer=" + customerOf(who);
    String payload = base64.encodeToString(claims.getBytes(StandardCharsets.UTF_8));
    Mac mac = Mac.getInstance("HmacSHA256");
    mac.init(new SecretKeySpec(DEVELOPMENT_KEY.getBytes(StandardCharsets.UTF_8), "HmacSHA256"));
    return "souk-dev." + payload + "." + base64.encodeToString(mac.doFinal(payload.getBytes(StandardCharsets.UTF_8)));
  }

  /** Returns the customer that development tokens derive from a name: a UUIDv5 (RFC 9562) as a TypeID. */
  private static String customerOf(String who) throws GeneralSecurityException {
    byte[] namespaceOid = HexFormat.of().parseHex("6ba7b8129dad11d180b400c04fd430c8");
    BigInteger number = new BigInteger(1, uuid5(uuid5(namespaceOid, "souk.customer"), who));
    StringBuilder digits = new StringBuilder();
    for (int shift = 125; shift >= 0; shift -= 5) {
      digits.append("0123456789abcdefghjkmnpqrstvwxyz".charAt(number.shiftRight(shift).intValue() & 31));
    }
    return "customer_" + digits;
  }

  private static byte[] uuid5(byte[] namespace, String name) throws GeneralSecurityException {
    MessageDigest sha1 = MessageDigest.getInstance("SHA-1");
    sha1.update(namespace);
    byte[] id = Arrays.copyOf(sha1.digest(name.getBytes(StandardCharsets.UTF_8)), 16);
    id[6] = (byte) (id[6] & 0x0f | 0x50);
    id[8] = (byte) (id[8] & 0x3f | 0x80);
    return id;
  }
}
