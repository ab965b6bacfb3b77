//! Events while logins are under way: whatever was decided before an event does not survive it.

use std::time::Duration;

use authbench_servers::authorization::passwords::LoginHash;
use authbench_servers::client::Client;
use authbench_servers::entitlements::Entitlements;
use authbench_servers::model::accounts::Accounts;
use authbench_servers::model::record::Ledger;
use authbench_servers::model::{Grant, GrantRefusal, Model};
use authbench_servers::revocation::Announcer;
use authbench_servers::roles::Roles;
use authbench_servers::scope::Scope;
use authbench_servers::secret::{Fingerprint, random_id};
use authbench_servers::store::{StartedStore, Store, StoreOptions};
use hyper::Method;
use tokio::task::JoinSet;

use crate::harness::{Answer, Login, Plan, Target};

/// The models that keep something for each login.
const KEPT: [Model; 3] = [Model::Session, Model::Opaque, Model::Hybrid];
const HOUR: Duration = Duration::from_secs(3_600);

async fn is_out(target: &Target, model: Model, login: &Login, client: &str) -> bool {
    match model {
        Model::Hybrid => {
            target
                .refresh_at(login.cookie(), client)
                .send()
                .await
                .code()
                != 200
        }
        _ => target.reads(login).await == 401,
    }
}

/// Logins of many users at once.
fn logins(target: &Target, client: &'static str) -> JoinSet<Answer> {
    let mut logins = JoinSet::new();
    for number in 0..20 {
        let user = format!("user-{number:05}");
        let form = [
            ("username", user.as_str()),
            ("password", crate::harness::PASSWORD),
            ("client_id", client),
        ];
        logins.spawn(target.form("/login", &form).send());
    }
    logins
}

#[tokio::test]
async fn no_login_survives_the_disabling_of_its_client_at_the_same_moment() {
    for kind in StartedStore::kinds_here() {
        for model in KEPT {
            let mut plan = Plan::new(model);
            plan.authorization.login_hash = LoginHash::Owasp;
            let target = plan.start(kind).await;
            let under_way = logins(&target, "app-2");
            tokio::time::sleep(Duration::from_millis(60)).await;
            target
                .change(Method::POST, "/clients/app-2/disable", &[])
                .await;
            let answers = under_way.join_all().await;
            for answer in answers {
                match answer.code() {
                    200 => {
                        let login = answer.login();
                        target
                            .change(Method::POST, "/clients/app-2/enable", &[])
                            .await;
                        assert!(is_out(&target, model, &login, "app-2").await, "{model}");
                    }
                    401 | 503 => {}
                    other => panic!("{model}: {other}"),
                }
            }
        }
    }
}

#[tokio::test]
async fn what_was_issued_before_a_cut_off_is_out_and_what_comes_after_is_in() {
    for kind in StartedStore::kinds_here() {
        for model in KEPT {
            let target = Plan::new(model).start(kind).await;
            let before = logins(&target, "app").join_all().await;
            let under_way = logins(&target, "app");
            target.change(Method::POST, "/cut-off", &[]).await;
            let after = target.log_in("user-00001").await;
            for answer in before {
                let login = answer.login();
                assert!(is_out(&target, model, &login, "app").await, "{model}");
            }
            for answer in under_way.join_all().await {
                assert!(matches!(answer.code(), 200 | 503), "{model}: {answer:?}");
            }
            assert!(!is_out(&target, model, &after, "app").await, "{model}");
        }
    }
}

/// Between the decision on a login and its record, each event happens and is undone where that is
/// possible. None of them lets the login through.
#[tokio::test]
async fn no_event_is_undone_in_time_for_a_login_that_it_should_have_stopped() {
    for kind in StartedStore::kinds_here() {
        let started = StartedStore::start(kind).expect("a store");
        let store = Store::connect(started.url(), StoreOptions::default())
            .await
            .expect("connected");
        let clock = authbench_servers::clock::Clock::manual(1_800_000_000_000).0;
        let announcer = Announcer::none(clock.clone());
        let accounts = Accounts::new(store.clone(), announcer, 20, 50);
        let ledger = Ledger::new(store.clone(), clock, Entitlements::default());
        let (user, client) = ("user-00001", Client::App);
        for event in [
            "disabled", "deleted", "ended", "client", "consent", "cut-off",
        ] {
            let decided_on = accounts.standing(user, client).await.expect("read");
            assert_eq!(decided_on.refusal(), None, "{event}");
            let done = match event {
                "disabled" => accounts.disable(user).await,
                "deleted" => accounts.delete(user).await,
                "ended" => accounts.mark_ended(user).await,
                "client" => accounts.set_client(client, false).await,
                "consent" => accounts.withdraw_consent(user, client).await,
                _ => accounts.cut_off().await,
            };
            done.expect("done");
            let undone = match event {
                "disabled" => accounts.enable(user).await,
                "deleted" => accounts.restore(user).await,
                "client" => accounts.set_client(client, true).await,
                _ => Ok(()),
            };
            undone.expect("undone");
            let grant = Grant {
                subject: user.to_owned(),
                client,
                scope: Scope::ALL,
                roles: Roles::NONE,
            };
            let handle = Fingerprint::of(&random_id()).to_base64();
            let opened = ledger.open(&grant, &decided_on, &handle, HOUR, HOUR).await;
            assert_eq!(opened, Ok(Err(GrantRefusal::AccountChanged)), "{event}");
            assert_eq!(ledger.find(&handle).await, Ok(None), "{event}: taken back");
            // Decided on anew, it counts.
            let now = accounts.standing(user, client).await.expect("read");
            let opened = ledger.open(&grant, &now, &handle, HOUR, HOUR).await;
            assert_eq!(opened, Ok(Ok(())), "{event}");
            assert_eq!(ledger.end_client(client).await, Ok(1), "{event}");
            assert_eq!(ledger.find(&handle).await, Ok(None), "{event}");
        }
    }
}

/// More than fit into one transaction; and a client's index names nobody else's.
#[tokio::test]
async fn a_client_with_a_thousand_sessions_is_out_as_a_whole() {
    for kind in StartedStore::kinds_here() {
        let started = StartedStore::start(kind).expect("a store");
        let options = StoreOptions::within(Duration::from_secs(10));
        let store = Store::connect(started.url(), options)
            .await
            .expect("connected");
        let clock = authbench_servers::clock::Clock::manual(1_800_000_000_000).0;
        let announcer = Announcer::none(clock.clone());
        let accounts = Accounts::new(store.clone(), announcer, 100, 50);
        let ledger = Ledger::new(store.clone(), clock, Entitlements::default());
        let mut handles = Vec::new();
        for number in 0..1_200 {
            let client = if number % 12 == 0 {
                Client::App
            } else {
                Client::App2
            };
            let grant = Grant {
                subject: format!("user-{:05}", number % 100),
                client,
                scope: Scope::ALL,
                roles: Roles::NONE,
            };
            let standing = accounts
                .standing(&grant.subject, client)
                .await
                .expect("read");
            let handle = Fingerprint::of(&random_id()).to_base64();
            let opened = ledger.open(&grant, &standing, &handle, HOUR, HOUR).await;
            assert_eq!(opened, Ok(Ok(())));
            handles.push((handle, client));
        }
        assert_eq!(ledger.end_client(Client::App2).await, Ok(1_100));
        for (handle, client) in &handles {
            let lives = ledger.find(handle).await.expect("read").is_some();
            assert_eq!(lives, *client == Client::App);
        }
        assert_eq!(ledger.end_client(Client::App2).await, Ok(0));
        assert_eq!(ledger.end_everything().await, Ok(100));
        let left = ledger.list("user-00000", None).await.expect("listed");
        assert!(left.is_empty());
    }
}
