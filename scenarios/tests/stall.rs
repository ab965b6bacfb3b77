//! A server that freezes must show in the response time and not in the service time.

use authbench_scenarios::load::attack::Attack;
use authbench_scenarios::load::requests::RequestPool;
use authbench_scenarios::load::schedule::Schedule;
use authbench_scenarios::load::stream::{Lane, run_round};
use authbench_scenarios::wire::RequestBytes;
use std::net::SocketAddr;
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

const FREEZE: Duration = Duration::from_millis(100);
const PERIOD: Duration = Duration::from_secs(1);

/// Freezes for the first 100 ms of every second, whatever is connected. A thread of its own keeps the generator from waiting with it.
fn freezing_server() -> SocketAddr {
    let (tell, told) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .expect("a runtime");
        runtime.block_on(async move {
            let listener = TcpListener::bind("127.0.0.1:0").await.expect("binds");
            tell.send(listener.local_addr().expect("has an address"))
                .expect("somebody listens");
            let epoch = Instant::now();
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, epoch));
            }
        });
    });
    told.recv().expect("the server started")
}

async fn serve(mut stream: TcpStream, epoch: Instant) {
    stream.set_nodelay(true).expect("a TCP socket");
    let mut buffer = [0; 1024];
    while let Ok(read) = stream.read(&mut buffer).await {
        if read == 0 {
            return;
        }
        let into = Duration::from_nanos((epoch.elapsed().as_nanos() % PERIOD.as_nanos()) as u64);
        if into < FREEZE {
            tokio::time::sleep(FREEZE - into).await;
        }
        if stream
            .write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")
            .await
            .is_err()
        {
            return;
        }
    }
}

#[tokio::test]
async fn a_freeze_is_response_time_and_not_service_time_and_not_the_generators_fault() {
    const RATE: f64 = 2000.0;
    const LENGTH: Duration = Duration::from_secs(5);
    let address = freezing_server();
    let request = RequestBytes::encode("GET", "/", "test", [], b"").expect("encodes");
    let pool = RequestPool::new(vec![request], Box::new(|status, _| status == 200));
    let (lane, users) = Lane::new(&[(address.into(), pool)], 4);
    let mut attack = Attack::new(None);
    attack.crew("freeze", users).expect("four users");

    let schedule = Schedule::new(RATE, LENGTH, 1, 1);
    let lanes = [lane];
    let round = attack
        .run(async {
            let round = run_round(schedule, &lanes).await.expect("timers exist");
            lanes[0].close();
            round
        })
        .await
        .expect("the attack runs");

    let lane = &round.lanes[0];
    assert_eq!((lane.intended, lane.unsent), (10_000, 0));
    assert_eq!(lane.recorder.outcomes.expected, 10_000);
    // By construction a tenth of all starts fall into a freeze and wait up to 100 ms: p99 is 90 ms. Only four requests per freeze
    // can be in flight, 0.2 % of all: the service time's p99 must not see them.
    let response = lane
        .recorder
        .response
        .quantile_ms(0.99)
        .expect("enough samples");
    let service = lane
        .recorder
        .service
        .quantile_ms(0.99)
        .expect("enough samples");
    assert!(response >= 60.0, "response p99 {response} ms");
    assert!(service <= 20.0, "service p99 {service} ms");
    // The generator was on time: waiting for the frozen target is connection wait, not send lag.
    let wait = lane
        .recorder
        .connection_wait
        .quantile_ms(0.99)
        .expect("enough samples");
    assert!(wait >= 60.0, "connection wait p99 {wait} ms");
    let lag = lane
        .recorder
        .send_lag
        .quantile_ms(0.99)
        .expect("enough samples");
    assert!(
        lag < 0.25 * response,
        "send lag p99 {lag} ms of response p99 {response} ms"
    );
}
