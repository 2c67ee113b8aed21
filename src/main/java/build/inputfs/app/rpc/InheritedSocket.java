package build.inputfs.app.rpc;

import io.netty.channel.Channel;
import io.netty.channel.ChannelFactory;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelOutboundHandlerAdapter;
import io.netty.channel.ChannelPromise;
import io.netty.channel.ServerChannel;
import io.netty.channel.socket.nio.NioServerDomainSocketChannel;
import java.io.IOException;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * The listening Unix socket that a service manager started this process with, as its standard
 * input: systemd.socket(5), with {@code StandardInput=socket} in the service. It belongs to the
 * service manager, which goes on listening when this process ends.
 *
 * <p>Java takes over no descriptor but 0, by {@link System#inheritedChannel}. It is never closed:
 * Java would make the null device of standard input, output and error then, and netty delete the
 * file.
 */
final class InheritedSocket implements ChannelFactory<ServerChannel> {
  private final ServerSocketChannel socket;
  private final Path path;

  private InheritedSocket(ServerSocketChannel socket, Path path) {
    this.socket = socket;
    this.path = path;
  }

  /** The one of this process, or null when its standard input is something else. */
  static @Nullable InheritedSocket find() throws IOException {
    return System.inheritedChannel() instanceof ServerSocketChannel socket
            && socket.getLocalAddress() instanceof UnixDomainSocketAddress address
        ? new InheritedSocket(socket, address.getPath())
        : null;
  }

  /** Where it listens. */
  Path path() {
    return path;
  }

  @Override
  public ServerChannel newChannel() {
    Channel channel = new NioServerDomainSocketChannel(socket);
    var _ = channel.pipeline().addLast(new Kept());
    return (ServerChannel) channel;
  }

  /** Keeps the channel as it was given: it is bound already, and only left alone in the end. */
  private static final class Kept extends ChannelOutboundHandlerAdapter {
    @Override
    public void bind(ChannelHandlerContext context, SocketAddress address, ChannelPromise promise) {
      var _ = promise.setSuccess();
    }

    @Override
    public void close(ChannelHandlerContext context, ChannelPromise promise) {
      var _ = context.deregister(promise);
    }
  }
}
