package build.inputfs.cas.remote.testserver;

import io.grpc.MethodDescriptor;

/** The calls that the server knows. */
public enum Rpc {
  CAPABILITIES("GetCapabilities"),
  FIND_MISSING("FindMissingBlobs"),
  BATCH_READ("BatchReadBlobs"),
  BATCH_UPDATE("BatchUpdateBlobs"),
  GET_TREE("GetTree"),
  READ("Read"),
  WRITE("Write"),
  QUERY_WRITE("QueryWriteStatus");

  private final String method;

  Rpc(String method) {
    this.method = method;
  }

  static Rpc of(MethodDescriptor<?, ?> descriptor) {
    for (Rpc rpc : values()) {
      if (rpc.method.equals(descriptor.getBareMethodName())) {
        return rpc;
      }
    }
    throw new IllegalArgumentException(descriptor.getFullMethodName());
  }
}
