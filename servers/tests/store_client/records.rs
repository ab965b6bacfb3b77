//! Records: written, read, touched, deleted, refused.

use std::time::Duration;

use authbench_servers::store::{Store, StoreError, StoreOptions};
use redis::AsyncCommands;

use crate::{LONG, NOW_MS, plain, record, stores};

#[tokio::test]
async fn a_record_is_put_read_and_deleted() {
    for (_started, store) in stores().await {
        assert_eq!(store.get("k").await, Ok(None));
        store.put("k", b"\0\xff\r\n", LONG).await.expect("put");
        assert_eq!(store.get("k").await, Ok(Some(b"\0\xff\r\n".to_vec())));
        assert_eq!(store.delete(&["k", "none"]).await, Ok(1));
        assert_eq!(store.delete(&[]).await, Ok(0));
        assert_eq!(store.get("k").await, Ok(None));
    }
}

#[tokio::test]
async fn a_record_ends_with_its_time_unless_touched() {
    for (_started, store) in stores().await {
        store
            .put("left", b"v", Duration::from_millis(20))
            .await
            .expect("put");
        store
            .put("sub-millisecond", b"v", Duration::from_micros(1))
            .await
            .expect("rounded up, not refused");
        store.put("touched", b"v", LONG).await.expect("put");
        assert_eq!(
            store
                .get_and_touch("touched", Duration::from_millis(20))
                .await,
            Ok(Some(b"v".to_vec()))
        );
        store.set_flag("flag", b"1").await.expect("set");
        tokio::time::sleep(Duration::from_millis(60)).await;
        for gone in ["left", "touched", "sub-millisecond"] {
            assert_eq!(store.get_and_touch(gone, LONG).await, Ok(None), "{gone}");
        }
        assert_eq!(store.get("flag").await, Ok(Some(b"1".to_vec())));
    }
}

#[tokio::test]
async fn a_refusal_is_told_from_a_transaction_applied_in_part() {
    for (_started, store) in stores().await {
        store
            .put("index", b"not an index", LONG)
            .await
            .expect("put");
        let refused = store
            .members("index")
            .await
            .expect_err("a string is no index");
        assert_eq!(
            refused,
            StoreError::Refused {
                operation: "members",
                code: "WRONGTYPE".into()
            }
        );
        let in_part = store
            .create_indexed(&record("s", NOW_MS + 1_000, NOW_MS))
            .await
            .expect_err("no index");
        assert!(
            matches!(
                in_part,
                StoreError::Unknown {
                    operation: "create_indexed",
                    ..
                }
            ),
            "{in_part:?}"
        );
        assert_eq!(
            store.get("s").await,
            Ok(Some(b"v".to_vec())),
            "Redis does not roll back"
        );
    }
}

#[tokio::test]
async fn every_key_stands_behind_the_prefix() {
    for (started, store) in stores().await {
        let options = StoreOptions {
            prefix: "elsewhere:".into(),
            ..StoreOptions::within(LONG)
        };
        let elsewhere = Store::connect(started.url(), options)
            .await
            .expect("connected");
        elsewhere.put("k", b"theirs", LONG).await.expect("put");
        assert_eq!(store.get("k").await, Ok(None));
        let mut plain = plain(&started).await;
        assert_eq!(
            plain.get::<_, Option<String>>("elsewhere:k").await,
            Ok(Some("theirs".to_owned()))
        );
        store.put("k", b"ours", LONG).await.expect("put");
        assert_eq!(
            plain.get::<_, Option<String>>("authbench:k").await,
            Ok(Some("ours".to_owned()))
        );
    }
}
