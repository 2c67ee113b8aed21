package build.inputfs.it.daemon;

import build.inputfs.app.proto.HoldLeaseRequest;
import build.inputfs.app.proto.LeaseState;
import build.inputfs.app.proto.View;
import build.inputfs.app.proto.ViewsGrpc;
import build.inputfs.it.harness.BlobName;
import io.grpc.ManagedChannel;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import java.nio.file.Path;
import java.util.Iterator;

/**
 * A client with a lease that makes views under it, prints their paths, and stays: {@code SOCKET
 * HASH/SIZE VIEWS}.
 */
final class LeaseHolder {
  private LeaseHolder() {}

  public static void main(String[] arguments) throws InterruptedException {
    BlobName root = BlobName.parse(arguments[1]);
    ManagedChannel channel =
        Server.channel(
            Path.of(arguments[0]), new MultiThreadIoEventLoopGroup(1, NioIoHandler.newFactory()));
    ViewsGrpc.ViewsBlockingStub stub = ViewsGrpc.newBlockingStub(channel);
    Iterator<LeaseState> lease = stub.holdLease(HoldLeaseRequest.getDefaultInstance());
    String name = lease.next().getLease();
    for (int i = 0; i < Integer.parseInt(arguments[2]); i++) {
      View view = stub.createView(Server.request(root).setLease(name).build());
      System.out.println(view.getPath());
    }
    System.out.println("ready");
    Thread.sleep(Long.MAX_VALUE);
  }
}
