//! A server that closes its connections now and then is caught at it, round by round.

use authbench_scenarios::load::attack::Attack;
use authbench_scenarios::load::requests::RequestPool;
use authbench_scenarios::load::schedule::Schedule;
use authbench_scenarios::load::stream::{Lane, run_round};
use authbench_scenarios::wire::RequestBytes;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::time::Duration;

/// Requests that a connection gets before it is closed.
const PER_CONNECTION: usize = 50;

/// One connection after the other, as its only caller makes them.
fn closing_server() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("binds");
    let address = listener.local_addr().expect("has an address");
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            serve(stream.expect("a connection"));
        }
    });
    address
}

fn serve(mut stream: TcpStream) {
    let mut buffer = [0; 1024];
    for request in 1..=PER_CONNECTION {
        let last = if request == PER_CONNECTION {
            "connection: close\r\n"
        } else {
            ""
        };
        let answer = format!("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n{last}\r\n");
        let answered = matches!(stream.read(&mut buffer), Ok(1..))
            && stream.write_all(answer.as_bytes()).is_ok();
        if !answered {
            return;
        }
    }
}

#[tokio::test]
async fn connections_made_again_are_counted_in_the_round_in_which_they_were() {
    let request = RequestBytes::encode("GET", "/", "test", [], b"").expect("encodes");
    let pool = RequestPool::new(vec![request], Box::new(|status, _| status == 200));
    let (lane, users) = Lane::new(&[(closing_server().into(), pool)], 1);
    let lanes = [lane];
    let mut attack = Attack::new(None);
    attack.crew("churn", users).expect("a user");
    let rounds = attack.run(async {
        let mut rounds = Vec::new();
        // No round ends with a connection: making the next one could fall into either.
        for requests in [480.0, 210.0] {
            let length = Duration::from_secs_f64(requests / 1000.0);
            let round = run_round(Schedule::new(1000.0, length, 1, 1), &lanes).await;
            rounds.push(round.expect("timers exist"));
        }
        lanes[0].close();
        rounds
    });
    let rounds = rounds.await.expect("the attack runs");
    let counted: Vec<(u64, u64)> = rounds
        .iter()
        .map(|round| &round.lanes[0])
        .map(|lane| (lane.recorder.outcomes.expected, lane.reconnects))
        .collect();
    assert_eq!(counted, [(480, 9), (210, 4)]);
}
