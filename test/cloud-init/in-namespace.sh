# Runs cloud-init's data source where 169.254.169.254 is the guest's metadata proxy, as in a guest: in a network namespace of its
# own. $1: the proxy's socket, $2: the tree of cloud-init, then what crawl.py wants.
set -eu
socket=$1 tree=$2
shift 2
ip link set lo up
ip addr add 169.254.169.254/32 dev lo
socat TCP-LISTEN:80,bind=169.254.169.254,fork UNIX-CONNECT:"$socket" &
trap "kill $!" EXIT
until socat -u OPEN:/dev/null TCP:169.254.169.254:80 2>/dev/null; do kill -0 $!; done
PYTHONPATH=$tree/usr/lib/python3/dist-packages /usr/bin/python3 -B "$(dirname "$0")/crawl.py" "$@"
