package example.acme.chassis;

import example.acme.chassis.health.v1.HealthCheckRequest;
import example.acme.chassis.health.v1.HealthCheckResponse;
import example.acme.chassis.health.v1.HealthCheckResponse.ServingStatus;
import example.acme.chassis.health.v1.HealthGrpc;
import example.acme.chassis.health.v1.HealthListRequest;
import example.acme.chassis.health.v1.HealthListResponse;
import io.grpc.Status;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/** Whether the process can do its work (C-HEALTH). All its services can, or none. */
final class Health extends HealthGrpc.HealthImplBase {
  private final Set<String> names;
  private final Set<StreamObserver<HealthCheckResponse>> watchers = new HashSet<>();
  private boolean isServing;

  Health(List<String> services) {
    names = new TreeSet<>(services);
    names.add("");
  }

  /** Says whether the process can work; those who watch are told of a change. */
  synchronized void set(boolean can) {
    if (can != isServing) {
      isServing = can;
      watchers.forEach(watcher -> watcher.onNext(response(status())));
    }
  }

  synchronized boolean isServing() {
    return isServing;
  }

  /** Returns a line for each service that cannot work. */
  String trouble() {
    StringBuilder lines = new StringBuilder();
    names.stream().filter(name -> !name.isEmpty()).forEach(name -> lines.append(name).append(" NOT_SERVING\n"));
    return lines.toString();
  }

  @Override
  public synchronized void check(HealthCheckRequest request, StreamObserver<HealthCheckResponse> observer) {
    if (!names.contains(request.getService())) {
      observer.onError(Status.NOT_FOUND.withDescription("no such service runs here").asException());
      return;
    }
    observer.onNext(response(status()));
    observer.onCompleted();
  }

  @Override
  public synchronized void list(HealthListRequest request, StreamObserver<HealthListResponse> observer) {
    HealthListResponse.Builder list = HealthListResponse.newBuilder();
    names.forEach(name -> list.putStatuses(name, response(status())));
    observer.onNext(list.build());
    observer.onCompleted();
  }

  @Override
  public synchronized void watch(HealthCheckRequest request, StreamObserver<HealthCheckResponse> observer) {
    if (!names.contains(request.getService())) {
      observer.onNext(response(ServingStatus.SERVICE_UNKNOWN));
      return;
    }
    ((ServerCallStreamObserver<HealthCheckResponse>) observer).setOnCancelHandler(() -> forget(observer));
    watchers.add(observer);
    observer.onNext(response(status()));
  }

  private synchronized void forget(StreamObserver<HealthCheckResponse> observer) {
    watchers.remove(observer);
  }

  private ServingStatus status() {
    return isServing ? ServingStatus.SERVING : ServingStatus.NOT_SERVING;
  }

  private static HealthCheckResponse response(ServingStatus status) {
    return HealthCheckResponse.newBuilder().setStatus(status).build();
  }
}
