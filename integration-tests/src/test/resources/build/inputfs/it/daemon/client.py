"""A client of the daemon that knows nothing but what is published: SOCKET HASH SIZE."""

import subprocess
import sys

import grpc

sys.path.insert(0, ".")
from inputfs.v1 import views_pb2 as api, views_pb2_grpc as rpc

socket, root_hash, root_size = sys.argv[1], sys.argv[2], int(sys.argv[3])
channel = grpc.insecure_channel("unix:" + socket)
views = rpc.ViewsStub(channel)

info = rpc.DaemonStub(channel).GetInfo(api.GetInfoRequest())
assert info.pid > 0 and "fuse" in info.strategies, info

events = views.WatchEvents(api.WatchEventsRequest())
assert next(events).HasField("ready")

lease = views.HoldLease(api.HoldLeaseRequest(description="a test"))
request = api.CreateViewRequest(lease=next(lease).lease)
request.input_root.hash, request.input_root.size_bytes = root_hash, root_size
request.outputs.paths.append("out/made")
request.correlation.action_id = "an action"
view = views.CreateView(request)
created = next(events)
assert created.created.name == view.name and created.correlation.action_id == "an action", created

subprocess.run(["sh", "-ec", "cp input.txt out/made"], cwd=view.path, check=True)
collected = views.CollectOutputs(api.CollectOutputsRequest(name=view.name))
assert [f.path for f in collected.result.output_files] == ["out/made"], collected
assert [v.name for v in views.ListViews(api.ListViewsRequest()).views] == [view.name]
assert not views.GetView(api.GetViewRequest(name=view.name)).failures

tree = rpc.TreesStub(channel).PrefetchTree(
    api.PrefetchTreeRequest(root=request.input_root))
assert tree.files > 0 and tree.directories > 0, tree

# The end of the lease's call ends the view.
lease.cancel()
closed = next(events)
assert closed.closed.reason == "lease ended" and closed.name == view.name, closed

try:
    views.CloseView(api.CloseViewRequest(name=view.name))
    raise AssertionError("it is still there")
except grpc.RpcError as e:
    assert e.code() == grpc.StatusCode.NOT_FOUND, e
events.cancel()
print("done")
