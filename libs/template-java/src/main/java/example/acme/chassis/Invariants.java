package example.acme.chassis;

import example.souk.ops.v1.CheckInvariantsRequest;
import example.souk.ops.v1.CheckInvariantsResponse;
import example.souk.ops.v1.InvariantReport;
import example.souk.ops.v1.InvariantServiceGrpc;
import io.grpc.stub.StreamObserver;
import java.util.concurrent.Callable;

/** Checks the records of the service for an auditor (C-OPS). */
final class Invariants extends InvariantServiceGrpc.InvariantServiceImplBase {
  private static final int MOST_FINDINGS = 1000;

  private final String name;
  private final Callable<Service.Report> check;

  Invariants(String name, Callable<Service.Report> check) {
    this.name = name;
    this.check = check;
  }

  @Override
  public void checkInvariants(CheckInvariantsRequest request, StreamObserver<CheckInvariantsResponse> observer) {
    if (!request.getService().isEmpty() && !request.getService().equals(name)) {
      throw Refusal.invalid("souk.ops", "service", "must be empty or " + name);
    }
    Service.Report found;
    try {
      found = check.call();
    } catch (Exception error) {
      throw Refusal.from(error);
    }
    InvariantReport report =
        InvariantReport.newBuilder()
            .setService(name)
            .addAllCounts(found.counts())
            .addAllFindings(found.findings().stream().limit(MOST_FINDINGS).toList())
            .build();
    observer.onNext(CheckInvariantsResponse.newBuilder().addReports(report).build());
    observer.onCompleted();
  }
}
