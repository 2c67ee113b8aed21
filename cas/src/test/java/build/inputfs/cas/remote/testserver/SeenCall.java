package build.inputfs.cas.remote.testserver;

import build.inputfs.cas.proto.RequestMetadata;
import com.google.protobuf.MessageLite;
import io.grpc.Metadata;

/**
 * A call that has reached the server.
 *
 * @param headers all that it has
 * @param metadata for whom it is made; empty when it does not say
 * @param request the call's first message
 */
public record SeenCall(Rpc rpc, Metadata headers, RequestMetadata metadata, MessageLite request) {
  /** The value of a header, or the empty string when there is none. */
  public String header(String name) {
    String value = headers.get(Metadata.Key.of(name, Metadata.ASCII_STRING_MARSHALLER));
    return value == null ? "" : value;
  }
}
