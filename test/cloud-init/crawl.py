# Debian's cloud-init reads its data source as it does in a guest, and what it found is printed as JSON. Started in a network namespace in which
# 169.254.169.254 leads to the metadata proxy; cloud-init's code is as Debian ships it.
import json
import logging
import sys

from cloudinit import distros, dmi, helpers, net, settings, url_helper, util
from cloudinit.sources.DataSourceEc2 import DataSourceEc2
from cloudinit.sources.DataSourceOpenStack import DataSourceOpenStack

which, folder, mac = sys.argv[1:]

# What the machine under the guest says of itself; this one is no guest.
product = {"OpenStack": "OpenStack Compute", "Ec2": "KVM"}[which]
dmi.read_dmi_data = {"system-product-name": product, "system-uuid": "ec2f0000"}.get
net.get_interfaces_by_mac = lambda *args, **kwargs: {mac: "eth0"}

warnings, requests = [], []


class Kept(logging.Handler):
    def emit(self, record):
        if record.levelno >= logging.WARNING:
            warnings.append(record.getMessage())


logging.getLogger().addHandler(Kept())
readurl = url_helper.readurl


def counted(url, *args, **kwargs):
    requests.append(url)
    return readurl(url, *args, **kwargs)


url_helper.readurl = counted

config = util.mergemanydict([{"datasource": {"Ec2": {"strict_id": "false"}}}, settings.CFG_BUILTIN])
paths = helpers.Paths({"cloud_dir": folder, "run_dir": folder})
distro = distros.fetch("debian")("debian", config, paths)
source = {"OpenStack": DataSourceOpenStack, "Ec2": DataSourceEc2}[which](config, distro, paths)
found = source._get_data()
metadata = source.metadata if found else {}
userdata = source.userdata_raw if found else None
print(
    json.dumps(
        {
            "found": found,
            "instance_id": found and source.get_instance_id(),
            "hostname": found and str(source.get_hostname()),
            "keys": found and source.get_public_ssh_keys(),
            "availability_zone": found and source.availability_zone,
            "userdata": userdata.decode("latin-1") if isinstance(userdata, bytes) else userdata,
            "vendordata": found and source.vendordata_raw,
            "network": source.network_config if found and which == "OpenStack" else None,
            "files": {k: v.decode("latin-1") for k, v in getattr(source, "files", {}).items()},
            "ec2": getattr(source, "ec2_metadata", metadata) if which == "OpenStack" else metadata,
            "requests": requests,
            "warnings": warnings,
        },
        default=str,
    )
)
