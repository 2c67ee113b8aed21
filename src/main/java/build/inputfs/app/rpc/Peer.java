package build.inputfs.app.rpc;

import build.inputfs.app.daemon.Caller;
import io.grpc.Attributes;
import io.grpc.netty.GrpcHttp2ConnectionHandler;
import io.grpc.netty.InternalProtocolNegotiationEvent;
import io.grpc.netty.InternalProtocolNegotiator;
import io.grpc.netty.InternalProtocolNegotiators;
import io.grpc.netty.ProtocolNegotiationEvent;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.socket.nio.NioChannelOption;
import io.netty.util.AsciiString;
import jdk.net.ExtendedSocketOptions;
import jdk.net.UnixDomainPrincipal;

/**
 * Finds out who is at the other end of a Unix socket, from the kernel (SO_PEERCRED in unix(7)),
 * before the first byte is read; and then speaks HTTP/2 without TLS. Thread-safe.
 */
final class Peer implements InternalProtocolNegotiator.ProtocolNegotiator {
  /** Whom a connection belongs to; not there for one that may not come in. */
  static final Attributes.Key<Caller> CALLER = Attributes.Key.create("caller");

  private final InternalProtocolNegotiator.ProtocolNegotiator plain =
      InternalProtocolNegotiators.serverPlaintext();
  private final Admission admission;

  Peer(Admission admission) {
    this.admission = admission;
  }

  @Override
  public AsciiString scheme() {
    return plain.scheme();
  }

  @Override
  public ChannelHandler newHandler(GrpcHttp2ConnectionHandler handler) {
    return new Asking(admission, plain.newHandler(handler));
  }

  @Override
  public void close() {
    plain.close();
  }

  /** Asks once, on the connection's event loop, and gives way to the next handler. */
  private static final class Asking extends ChannelInboundHandlerAdapter {
    private final Admission admission;
    private final ChannelHandler next;

    Asking(Admission admission, ChannelHandler next) {
      this.admission = admission;
      this.next = next;
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext context, Object event) {
      if (!(event instanceof ProtocolNegotiationEvent begin)) {
        var _ = context.fireUserEventTriggered(event);
        return;
      }
      UnixDomainPrincipal peer =
          context
              .channel()
              .config()
              .getOption(NioChannelOption.of(ExtendedSocketOptions.SO_PEERCRED));
      Caller caller = peer == null ? null : admission.caller(peer);
      Attributes.Builder attributes =
          InternalProtocolNegotiationEvent.getAttributes(begin).toBuilder();
      if (caller != null) {
        var _ = attributes.set(CALLER, caller);
      }
      var _ = context.pipeline().replace(this, null, next);
      var _ =
          context
              .pipeline()
              .fireUserEventTriggered(
                  InternalProtocolNegotiationEvent.withAttributes(begin, attributes.build()));
    }
  }
}
