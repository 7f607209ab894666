"""Specimens that talk to others."""

from __future__ import annotations

from tests.hostile.specimen import ERROR, HELD, Specimen

SPECIMENS = [
    Specimen(
        "sockets_of_every_family",
        "opens sockets: IPv4, IPv6, raw, packet, netlink, vsock, crypto, Bluetooth, CAN, key",
        """
        families = {"IPv4": 2, "IPv6": 10, "netlink": 16, "packet": 17, "vsock": 40, "crypto": 38, "Bluetooth": 31,
                    "CAN": 29, "key": 15, "IUCV": 32, "XDP": 44, "TIPC": 30, "UNIX": 1, "RXRPC": 33, "SMC": 43}
        kinds = {"stream": 1, "datagram": 2, "raw": 3, "sequence": 5}
        for family, number in families.items():
            for kind, value in kinds.items():
                attempt(f"{family} {kind}", lambda: socket.socket(number, value, 0))
        attempt("ping", lambda: socket.socket(2, 2, 1))
        attempt("raw ICMP", lambda: socket.socket(2, 3, 1))
        attempt("packets", lambda: socket.socket(17, 3, socket.htons(3)))
        """,
    ),
    Specimen(
        "loopback_ipv4",
        "connects to a listener of the machine over IPv4, and sends it a datagram",
        """
        attempt("connect", lambda: socket.create_connection(("127.0.0.1", PORT4), timeout=3))
        def datagram():
            return socket.socket(2, 2).sendto(b"hello", ("127.0.0.1", PORT_DATAGRAM))
        attempt("datagram", datagram)
        """,
    ),
    Specimen(
        "loopback_ipv6",
        "connects to a listener of the machine over IPv6",
        """
        attempt("connect", lambda: socket.create_connection(("::1", PORT6), timeout=3))
        attempt("connect, mapped", lambda: socket.create_connection(("::ffff:127.0.0.1", PORT4), timeout=3))
        """,
    ),
    Specimen(
        "unix_path",
        "connects to a UNIX socket of the machine by its path",
        """
        def connect(path, kind):
            peer = socket.socket(socket.AF_UNIX, kind)
            peer.settimeout(3)
            peer.connect(path)
        attempt("stream", lambda: connect(UNIX_PATH, socket.SOCK_STREAM))
        attempt("datagram", lambda: connect(UNIX_DATAGRAM_PATH, socket.SOCK_DGRAM))
        for path in ("/run/docker.sock", "/var/run/docker.sock", "/run/dbus/system_bus_socket", "/dev/log",
                     "/run/systemd/private"):
            attempt(path, lambda: connect(path, socket.SOCK_STREAM))
        """,
    ),
    Specimen(
        "unix_abstract",
        "connects to an abstract UNIX socket of the machine",
        """
        def connect(name, kind):
            peer = socket.socket(socket.AF_UNIX, kind)
            peer.settimeout(3)
            peer.connect(name)
        attempt("stream", lambda: connect("\\0" + ABSTRACT, socket.SOCK_STREAM))
        attempt("datagram", lambda: connect("\\0" + ABSTRACT_DATAGRAM, socket.SOCK_DGRAM))
        """,
    ),
    Specimen(
        "datagrams_of_a_pair",
        "makes a pair of datagram sockets, which may send elsewhere than to each other",
        """
        for target in (UNIX_DATAGRAM_PATH, "\\0" + ABSTRACT_DATAGRAM, "/dev/log"):
            def send_elsewhere():
                return socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)[0].sendto(b"hello", target)
            attempt(f"send to {target!r}", send_elsewhere)
            def connect_elsewhere():
                socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)[0].connect(target)
            attempt(f"connect to {target!r}", connect_elsewhere)
        """,
    ),
    Specimen(
        "own_channel_elsewhere",
        "turns the socket to its parent towards other addresses",
        """
        peer = socket.socket(fileno=os.dup(channels()[0]))
        for target in (UNIX_PATH, UNIX_DATAGRAM_PATH, "\\0" + ABSTRACT):
            attempt(f"connect to {target!r}", lambda: peer.connect(target))
        attempt("listen", lambda: peer.listen(1))
        """,
    ),
    Specimen(
        "names",
        "asks for addresses of names: data that leaves in questions",
        """
        attempt("resolver", lambda: socket.getaddrinfo("secret.example.com", 80))
        def question():
            data = struct.pack(">6H", 1, 256, 1, 0, 0, 0) + b"\\6secret\\7example\\3com\\0" + struct.pack(">2H", 1, 1)
            return socket.socket(2, 2).sendto(data, ("127.0.0.1", PORT_DATAGRAM))
        attempt("by hand", question)
        import subprocess
        attempt("getent", lambda: subprocess.run(["getent", "ahosts", "example.com"], check=True, timeout=10))
        """,
    ),
    Specimen(
        "listens",
        "listens for others to come",
        """
        def listen(family, address):
            server = socket.socket(family, socket.SOCK_STREAM)
            server.bind(address)
            server.listen()
        attempt("IPv4", lambda: listen(socket.AF_INET, ("0.0.0.0", 0)))
        attempt("IPv6", lambda: listen(socket.AF_INET6, ("::", 0)))
        attempt("abstract", lambda: listen(socket.AF_UNIX, "\\0" + MARK))
        attempt("path", lambda: listen(socket.AF_UNIX, os.path.join(OUTSIDE, MARK)))
        """,
    ),
    Specimen(
        "foreign_system_calls",
        "opens a socket by the system calls of another processor mode, which a filter may forget",
        """
        if not ARM:
            attempt("x32", lambda: libc("syscall", 0x40000000 | 41, 2, 1, 0))
            import mmap
            code = mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
            # push rbx; eax = 359 (socket, 32 bits); ebx = 2; ecx = 1; edx = 0; int 0x80; pop rbx; ret
            code.write(bytes.fromhex("53b867010000bb02000000b901000000ba00000000cd805bc3"))
            address = ctypes.addressof(ctypes.c_char.from_buffer(code))
            result = ctypes.CFUNCTYPE(ctypes.c_int)(address)()
            if result >= 0:
                WON.append(f"32 bits: {result}")
        """,
        ends=(HELD, *ERROR),
    ),
]
