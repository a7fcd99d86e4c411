//! TCP mailboxes: order, windows, reconnection, what they promise and whom they let in.

use std::collections::BTreeMap;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use mpcal_runtime::host::Listener;
use mpcal_runtime::resource::{Delivery, MailboxConfig, Mailboxes, Secret, Tls};
use mpcal_runtime::value::Str;
use mpcal_runtime::{conformance, Abort, Identity, MappingMacro, Node, Section};
use mpcal_tests::pair::{constants, model, receiver, receiver_at, sender, Faults, Network, LIMIT};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;

#[tokio::test]
async fn messages_arrive_once_and_in_order() {
    let config = MailboxConfig { inbox_capacity: 4, outbox_capacity: 4, ..MailboxConfig::default() };
    let receiver = receiver(&config).await;
    let (links, mut node) = sender(receiver.address, 1, 500, &config);
    receiver.expect(1..=500).await;
    timeout(LIMIT, node.join()).await.unwrap().unwrap();
    timeout(LIMIT, links.flushed()).await.unwrap();
    assert_eq!(receiver.told.try_receive(), None);
}

#[tokio::test]
async fn a_late_receiver_gets_everything() {
    let config = MailboxConfig { reconnect_after: Duration::from_millis(1), ..MailboxConfig::default() };
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let (_links, mut node) = sender(address, 1, 20, &config);
    timeout(LIMIT, node.join()).await.unwrap().unwrap();
    let receiver = receiver_at(address, &config).await;
    receiver.expect(1..=20).await;
}

fn model_of(model: u64) -> Identity {
    Identity { model, constants: 0 }
}

#[tokio::test]
async fn a_compatible_model_is_served() {
    let receiver =
        receiver(&MailboxConfig { model: model_of(1), compatible: vec![2], ..MailboxConfig::default() }).await;
    let (_links, _node) =
        sender(receiver.address, 1, 3, &MailboxConfig { model: model_of(2), ..MailboxConfig::default() });
    receiver.expect(1..=3).await;
}

/// A frame that the receiver would refuse is not sent: it would break the connection of all mailboxes there, again and
/// again.
#[tokio::test]
async fn what_is_too_large_is_an_error_and_blocks_no_other_mailbox() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let addresses: BTreeMap<i64, _> = [1, 2].map(|index| (index, listener.local_addr().unwrap())).into();
    let small = MailboxConfig { max_frame: 4096, ..MailboxConfig::default() };
    let mut there = Mailboxes::<i64, Str>::open(Some(listener), [1, 2], &addresses, &small).unwrap();
    let mut here = Mailboxes::<i64, Str>::open(None::<Listener>, [], &addresses, &MailboxConfig::default()).unwrap();
    async fn send(here: &mut Mailboxes<i64, Str>, index: i64, size: usize) -> Result<(), String> {
        let message = Str::from("x".repeat(size));
        let write = |section: &mut Section| here.write(section, &index, message.clone());
        conformance::commit(write).await.map_err(|e| format!("{e:?}"))
    }
    // What the receiver takes is not known yet.
    send(&mut here, 1, 10_000).await.expect("it fits in a frame here");
    send(&mut here, 2, 3).await.unwrap();
    let arrives = async {
        loop {
            match conformance::commit(|section: &mut Section| there.read(section, &2)).await {
                Ok(message) => break message,
                Err(Abort::Retry) => tokio::time::sleep(Duration::from_millis(2)).await,
                Err(other) => panic!("{other:?}"),
            }
        }
    };
    let got = timeout(LIMIT, arrives).await.expect("the other mailbox is not held up");
    assert_eq!(&*got, "xxx");
    let said = send(&mut here, 2, 5_000).await.expect_err("it is known now");
    assert!(said.contains("5002 bytes to mailbox 2 is too large, at most 4032"), "{said}");
    let said = send(&mut here, 1, 3).await.expect_err("it would never get there");
    assert!(said.contains("10002 bytes to mailbox 1 is too large"), "{said}");
    send(&mut here, 2, 4_000).await.expect("it fits");
}

/// Whatever strangers send, the next sender is served.
#[tokio::test]
async fn hostile_peers_do_not_disturb() {
    let config = MailboxConfig {
        handshake_timeout: Duration::from_millis(200),
        max_connections: 8,
        model: model_of(7),
        ..MailboxConfig::default()
    };
    let receiver = receiver(&config).await;
    let mut open = Vec::new();
    let attacks: [&[u8]; 5] = [
        &[0xff; 300],
        b"GET / HTTP/1.1\r\n\r\n",
        &[0xff, 0xff, 0xff, 0xff, 1, 2, 3],
        &[0, 0, 0, 0],
        &[0, 0, 0, 3, 0, 0, 0],
    ];
    for attack in attacks {
        let mut stream = TcpStream::connect(receiver.address).await.unwrap();
        let _ = stream.write_all(attack).await;
        open.push(stream);
    }
    // Half-open connections hold every slot until their time to introduce themselves is over.
    for _ in 0..20 {
        open.push(TcpStream::connect(receiver.address).await.unwrap());
    }
    // A node of another model is refused, whatever it sends.
    let (_foreign, mut foreigner) =
        sender(receiver.address, 1, 3, &MailboxConfig { model: model_of(8), ..config.clone() });
    timeout(LIMIT, foreigner.join()).await.unwrap().unwrap();
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!(receiver.told.try_receive(), None);
    let (_links, _node) = sender(receiver.address, 1, 50, &config);
    receiver.expect(1..=50).await;
    // A listed model is served.
    drop(open);
}

fn secret(bytes: &[u8]) -> MailboxConfig {
    MailboxConfig { secret: Some(Secret::new(bytes)), ..MailboxConfig::default() }
}

/// Only who knows the secret is let in; who does not learns nothing but a nonce.
#[tokio::test]
async fn strangers_get_nothing() {
    let receiver = receiver(&secret(b"sesame")).await;
    let strangers = [secret(b"simsim"), MailboxConfig::default()].map(|c| sender(receiver.address, 100, 103, &c));
    receiver.expect_nothing().await;
    let mut stream = TcpStream::connect(receiver.address).await.unwrap();
    // A greeting as the protocol has it, then an introduction with a proof that is none.
    let mut greeting = vec![0, 0, 0, 22, 0];
    greeting.extend(b"MPCL");
    greeting.extend([7; 16]);
    greeting.push(0);
    let mut introduction = vec![0, 0, 0, 38, 2, 4, 1, 2, 3, 4];
    introduction.extend([9; 32]);
    stream.write_all(&greeting).await.unwrap();
    stream.write_all(&introduction).await.unwrap();
    let mut told = Vec::new();
    let _ = timeout(LIMIT, stream.read_to_end(&mut told)).await.expect("it is hung up on");
    assert_eq!((told.len(), &told[..5]), (21, &[0, 0, 0, 17, 1][..]), "a challenge and nothing else");
    let (_links, _node) = sender(receiver.address, 1, 5, &secret(b"sesame"));
    receiver.expect(1..=5).await;
    receiver.expect_nothing().await;
    drop(strangers);
}

/// Who has the secret with another epoch is refused before anything else is said.
#[tokio::test]
async fn a_secret_of_another_epoch_is_another_secret() {
    let of_epoch =
        |epoch| MailboxConfig { secret: Some(Secret::new("sesame").with_epoch(epoch)), ..MailboxConfig::default() };
    let receiver = receiver(&of_epoch(2)).await;
    let late = sender(receiver.address, 100, 103, &of_epoch(1));
    receiver.expect_nothing().await;
    let (_links, _node) = sender(receiver.address, 1, 5, &of_epoch(2));
    receiver.expect(1..=5).await;
    drop(late);
}

/// A sender with the secret tells nothing to a receiver without it.
#[tokio::test]
async fn messages_go_only_to_who_knows_the_secret() {
    let receiver = receiver(&MailboxConfig::default()).await;
    let (_links, _node) = sender(receiver.address, 1, 3, &secret(b"sesame"));
    receiver.expect_nothing().await;
}

/// An authority, and certificates it has signed, as PEM.
struct Authority(rcgen::Certificate, rcgen::Issuer<'static, rcgen::KeyPair>);

impl Authority {
    fn new() -> Self {
        let mut parameters = rcgen::CertificateParams::new([]).unwrap();
        parameters.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        let key = rcgen::KeyPair::generate().unwrap();
        let certificate = parameters.self_signed(&key).unwrap();
        Self(certificate, rcgen::Issuer::new(parameters, key))
    }

    /// What a node has that trusts `root` and was certified by this authority.
    fn node(&self, root: &Self, name: &str) -> MailboxConfig {
        let key = rcgen::KeyPair::generate().unwrap();
        let certificate = rcgen::CertificateParams::new([name.to_owned()]).unwrap().signed_by(&key, &self.1).unwrap();
        let (root, certificate, key) = (root.0.pem(), certificate.pem(), key.serialize_pem());
        let tls = Tls::from_pem(root.as_bytes(), certificate.as_bytes(), key.as_bytes(), "cluster").unwrap();
        MailboxConfig { tls: Some(tls), handshake_timeout: Duration::from_secs(1), ..MailboxConfig::default() }
    }
}

/// With TLS only nodes with a certificate of the authority talk to each other.
#[tokio::test]
async fn only_certified_nodes_talk() {
    let (ours, theirs) = (Authority::new(), Authority::new());
    let receiver = receiver(&ours.node(&ours, "cluster")).await;
    let strangers = [theirs.node(&ours, "cluster"), theirs.node(&theirs, "cluster"), MailboxConfig::default()];
    let strangers: Vec<_> = strangers.iter().map(|c| sender(receiver.address, 100, 103, c)).collect();
    receiver.expect_nothing().await;
    let (_links, _node) = sender(receiver.address, 1, 500, &ours.node(&ours, "cluster"));
    receiver.expect(1..=500).await;
    drop(strangers);
    // A receiver whose certificate is for another name gets nothing.
    let other = self::receiver(&ours.node(&ours, "elsewhere")).await;
    let (_links, _node) = sender(other.address, 1, 3, &ours.node(&ours, "cluster"));
    other.expect_nothing().await;
}

/// Relaxed mailboxes never block, and never repeat or mix up.
#[tokio::test]
async fn relaxed_mailboxes_lose_rather_than_wait() {
    let config = MailboxConfig {
        delivery: Delivery::Relaxed,
        outbox_capacity: 8,
        reconnect_after: Duration::from_millis(1),
        ..MailboxConfig::default()
    };
    // Nobody listens there.
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let (links, mut node) = sender(address, 1, 1000, &config);
    timeout(LIMIT, node.join()).await.expect("a write never blocks").unwrap();
    let receiver = receiver_at(address, &config).await;
    let mut node = Node::new();
    node.spawn(
        model::Sender::new(0, &constants(), model::SenderParameters { first: 2001, last: 4000, net: links.clone() })
            .unwrap(),
    );
    timeout(LIMIT, node.join()).await.expect("a write never blocks").unwrap();
    timeout(LIMIT, links.flushed()).await.expect("nothing is kept");
    // Once everything else is gone, what is sent slowly arrives.
    let mut last = 0;
    for n in 5001.. {
        let mut node = Node::new();
        node.spawn(
            model::Sender::new(0, &constants(), model::SenderParameters { first: n, last: n, net: links.clone() })
                .unwrap(),
        );
        timeout(LIMIT, node.join()).await.unwrap().unwrap();
        while let Ok(got) = timeout(Duration::from_millis(20), receiver.told.receive()).await {
            assert!(got > last, "{got} after {last}");
            last = got;
        }
        if last > 5000 {
            break;
        }
    }
}

/// Both sides must promise the same.
#[tokio::test]
async fn a_relaxed_sender_is_refused_by_a_reliable_receiver() {
    let receiver = receiver(&MailboxConfig::default()).await;
    let config = MailboxConfig { delivery: Delivery::Relaxed, ..MailboxConfig::default() };
    let (_links, _node) = sender(receiver.address, 1, 3, &config);
    receiver.expect_nothing().await;
}

/// What nobody takes makes the sender wait, and takes no more memory than the windows allow.
#[tokio::test]
async fn a_slow_receiver_slows_its_sender() {
    let config = MailboxConfig { inbox_capacity: 8, outbox_capacity: 40, ..MailboxConfig::default() };
    let receiver = receiver(&config).await;
    let network = Network::before(receiver.address, Faults::default()).await;
    let (_links, mut node) = sender(network.address, 1, 200, &config);
    // The output channel holds 16 and the archetype one; the inbox 8 of the 40 that were not taken.
    assert!(timeout(Duration::from_millis(200), node.join()).await.is_err(), "the sender waits");
    let mut lengths = receiver.links.lengths();
    assert_eq!(conformance::commit(|s| lengths.read(s, &1)).await.unwrap(), 8);
    receiver.expect(1..=200).await;
    timeout(LIMIT, node.join()).await.unwrap().unwrap();
    assert_eq!(network.connections.load(Ordering::Relaxed), 1, "the sender kept to the window");
}

/// Who keeps few messages is told soon that they were taken: the time for which an acknowledgement may wait for
/// others, 5 ms, is not spent on each.
#[tokio::test]
async fn a_small_outbox_is_not_kept_waiting() {
    let config = MailboxConfig { inbox_capacity: 2, outbox_capacity: 1, ..MailboxConfig::default() };
    let receiver = receiver(&config).await;
    let start = Instant::now();
    let (_links, _node) = sender(receiver.address, 1, 400, &config);
    receiver.expect(1..=400).await;
    assert!(start.elapsed() < Duration::from_millis(1500), "{:?}", start.elapsed());
}

/// An answer goes back over the connection that the question came on.
#[tokio::test]
async fn two_nodes_need_one_connection() {
    let config = MailboxConfig::default();
    let (first, second) =
        (TcpListener::bind("127.0.0.1:0").await.unwrap(), TcpListener::bind("127.0.0.1:0").await.unwrap());
    let addresses = BTreeMap::from([(0, first.local_addr().unwrap()), (1, second.local_addr().unwrap())]);
    // The first node is never listened to, so what comes to it has come over its own connection.
    let asking: Mailboxes<i64, i64> = Mailboxes::open(None::<Listener>, [0], &addresses, &config).unwrap();
    let answering: Mailboxes<i64, i64> = Mailboxes::open(Some(second), [1], &addresses, &config).unwrap();
    let mut node = Node::new();
    node.spawn(
        model::Sender::new(0, &constants(), model::SenderParameters { first: 1, last: 3, net: asking.clone() })
            .unwrap(),
    );
    node.spawn(model::Echo::new(1, &constants(), model::EchoParameters { count: 3, net: answering.clone() }).unwrap());
    let (tell, told) = mpcal_runtime::resource::output(16);
    node.spawn(
        model::Receiver::new(0, &constants(), model::ReceiverParameters { net: asking.clone(), told: tell }).unwrap(),
    );
    for wanted in 1..=3 {
        assert_eq!(timeout(LIMIT, told.receive()).await.expect("it is answered"), wanted);
    }
    drop(first);
}

/// More mailboxes than an introduction may name are refused where they are opened, not by those who hear of them.
#[tokio::test]
async fn too_many_mailboxes_are_refused() {
    let open = |count: i64| {
        Mailboxes::<i64, i64>::open(None::<Listener>, 0..count, &BTreeMap::new(), &MailboxConfig::default())
    };
    assert!(open(3000).is_ok());
    assert_eq!(open(30_000).map(|_| ()).unwrap_err().kind(), std::io::ErrorKind::InvalidInput);
}
