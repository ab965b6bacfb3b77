//! The generator's cost is measured on requests that were really made.

use authbench_scenarios::selftest::generator_cost::{ScheduledPlan, scheduled};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

#[tokio::test]
async fn a_scheduled_point_counts_every_start_but_the_warm_up() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("binds");
    let server = listener.local_addr().expect("has an address");
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                let mut request = [0; 1024];
                while stream.read(&mut request).await.is_ok_and(|read| read > 0) {
                    let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n";
                    stream.write_all(answer).await.expect("writes");
                }
            });
        }
    });
    let plan = ScheduledPlan {
        server,
        connections: 4,
        rate_per_s: 500.0,
        length: Duration::from_millis(400),
    };
    let cost = scheduled(&plan).await.expect("measures");
    assert_eq!((cost.requests, cost.errors), (200, 0));
    assert_eq!((cost.send_lag.count(), cost.response.count()), (200, 200));
    assert!(cost.cpu_us_per_request > 0.0);
    assert!(cost.achieved_share() <= 1.01, "{}", cost.achieved_share());
}
