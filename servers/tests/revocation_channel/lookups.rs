//! The deny list and the epoch, which are looked up for each request.

use authbench_servers::clock::Clock;
use authbench_servers::refusal::Unavailable;
use authbench_servers::revocation::{Denylist, Ended, Presentation, Revocation, RevocationUnknown};
use authbench_servers::store::StartedStore;

use crate::{announce, connect, eventually, issuer_by, token};

fn of_session(issued_at_ms: i64) -> Presentation<'static> {
    Presentation {
        id: "j",
        session: Some("family"),
        subject: "user-00001",
        client: "app",
        key: Some("kid"),
        issued_at_ms,
    }
}

#[tokio::test]
async fn each_kind_is_found_in_one_round_trip() {
    for kind in StartedStore::kinds_here() {
        let until_ms = 0;
        for ended in [
            Ended::Token {
                id: "j".into(),
                expires_at_ms: i64::MAX / 2,
            },
            Ended::Session {
                handle: "family".into(),
            },
            Ended::Account {
                name: "user-00001".into(),
                until_ms,
            },
            Ended::Consent {
                account: "user-00001".into(),
                client: "app".into(),
                until_ms,
            },
            Ended::Client {
                id: "app".into(),
                until_ms,
            },
            Ended::Everyone { until_ms },
            Ended::Key { id: "kid".into() },
        ] {
            let store = StartedStore::start(kind).expect("a store");
            let announcer = issuer_by(store.url(), Revocation::Denylist, Clock::system()).await;
            let list = Denylist::new(connect(store.url()).await);
            let presented = of_session(announcer.stamp());
            assert!(!list.covers(&presented).await.expect("an answer"));
            announce(&announcer, &ended).await;
            assert!(
                list.covers(&presented).await.expect("an answer"),
                "{ended:?}"
            );
            assert_eq!(list.store().counters().round_trips, 2);
            let later = of_session(announcer.stamp());
            let is_cut_off = matches!(
                ended,
                Ended::Account { .. }
                    | Ended::Consent { .. }
                    | Ended::Client { .. }
                    | Ended::Everyone { .. }
            );
            assert_eq!(list.covers(&later).await.expect("an answer"), !is_cut_off);
        }
    }
}

#[tokio::test]
async fn a_list_that_was_lost_answers_nothing_until_it_is_written_anew() {
    for kind in StartedStore::kinds_here() {
        let mut store = StartedStore::start(kind).expect("a store");
        let list = Denylist::new(connect(store.url()).await);
        let presented = || crate::presented("token-1");
        let unknown = list.covers(&presented()).await.expect_err("no history");
        assert!(matches!(
            unknown,
            Unavailable::Revocation(RevocationUnknown::Lost)
        ));
        let announcer = issuer_by(store.url(), Revocation::Denylist, Clock::system()).await;
        announce(&announcer, &token(1)).await;
        assert!(list.covers(&presented()).await.expect("an answer"));
        store.start_again().expect("started again");
        eventually("written anew", async || {
            // Never that it is fine.
            let answer = list.covers(&presented()).await;
            assert!(!matches!(answer, Ok(false)), "accepted");
            matches!(answer, Ok(true))
        })
        .await;
    }
}
