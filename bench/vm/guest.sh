# What run.sh runs in the virtual machine: every row every way, one line "ROW|WAY|INSTRUCTIONS" each. The numbers of
# frames, `established` and `opened`, are set before it.
set -eu
here=$PWD
export LD_LIBRARY_PATH=$here
vip=10.200.1.100
servers="10.200.4.0 10.200.4.1 10.200.4.2 10.200.4.3"
first=0   # flow that the next measurement begins with: no two share a connection

in_director() { ip netns exec director "$@"; }

network() {
  for host in client director server; do
    ip netns add $host
    ip netns exec $host sysctl -qw net.ipv6.conf.all.disable_ipv6=1
  done
  ip link add near netns client type veth peer name in netns director
  ip link add out netns director type veth peer name far netns server
  for end in client/near director/in director/out server/far; do
    # Without NAPI (gro) an interface gets no frames that its peer was given by a redirection.
    ip netns exec ${end%/*} ethtool -K ${end#*/} tx off gro on > /dev/null
    ip -n ${end%/*} link set ${end#*/} up
  done
  near=$(ip -n client -br link show near | tr -s ' ' | cut -d' ' -f3)
  far=$(ip -n server -br link show far | tr -s ' ' | cut -d' ' -f3)
  ip -n director address add 10.200.1.1/24 dev in
  ip -n director address add $vip/32 dev in
  ip -n director neighbour add 10.200.1.2 lladdr "$near" dev in nud permanent
  ip -n director route add 172.16.0.0/12 via 10.200.1.2
  for server in $servers; do
    ip -n director route add $server dev out
    ip -n director neighbour add $server lladdr "$far" dev out nud permanent
  done
  in_director sysctl -qw net.ipv4.ip_forward=1
}

say() { echo "$1|$2|$3"; }

# pump WAY KIND FRAMES [OPTION...]: instructions per frame of the flows of this row
pump() { "$here/bench-pump" "$1" "$2" --first $first --frames "$3" "${@:4}"; }

# service OPTION METHOD PORT: the one virtual service, made anew, by the ipvsadm in $ipvsadm
service() {
  in_director $ipvsadm -C
  in_director $ipvsadm -A $1 $vip:80 -s rr
  for server in $servers; do in_director $ipvsadm -a $1 $vip:80 -r $server:$3 $2; done
  first=$((first + 1000000))
}

# rows LABEL: everything through the director that $ipvsadm configures
rows() {
  service -u -m 8080
  judged nat datagram
  say "NAT, UDP" "$1" "$(pump nat datagram $established)"

  service -t -m 8080
  judged nat syn
  judged nat ack
  judged nat reply
  say "NAT, TCP established" "$1" "$(pump nat ack $established)"
  say "NAT, TCP reply" "$1" "$(pump nat reply $established)"
  first=$((first + 1000000))
  say "NAT, new TCP connection" "$1" "$(pump nat syn $opened --flows $opened --in-turn)"

  service -u -g 80
  judged route datagram
  say "DR, UDP" "$1" "$(pump route datagram $established)"

  service -t -g 80
  judged route syn
  judged route ack
  say "DR, TCP established" "$1" "$(pump route ack $established)"

  service -u -i 80
  judged tunnel datagram
  say "TUN, UDP" "$1" "$(pump tunnel datagram $established)"
}

# judged WAY KIND: a thousand flows once in turn, each frame looked at
judged() { pump "$1" "$2" 1000 --in-turn --judge > /dev/null; }

ballast() { # HOOK
  cat > ballast.yaml <<END
director:
  interfaces: [in, out]
  hook: $1
  connections: 262144
END
  in_director "$here/ballast" run -c ballast.yaml > ballast.log 2>&1 &
  daemon=$!
  until [ -e /run/ballast/director/control.sock ]; do
    kill -0 $daemon || { cat ballast.log; exit 1; }
    sleep 0.2
  done
}

network
for way in nothing drop reflect redirect; do say "no director" $way "$(pump $way ack $established)"; done

modprobe ip_vs conn_tab_bits=18
ipvsadm=ipvsadm
rows ip_vs
in_director ipvsadm -C

ipvsadm=$here/ipvsadm
for hook in xdp tc; do
  ballast $hook
  rows $hook
  in_director "$here/ballast" stop
  wait $daemon || true
done
