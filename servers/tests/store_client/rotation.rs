//! Rotation: of any number of concurrent calls one wins.

use tokio::task::JoinSet;

use crate::{LONG, connect, stores};

#[tokio::test]
async fn of_a_hundred_concurrent_rotations_one_wins_and_all_see_its_record() {
    for (started, store) in stores().await {
        store.put("family", b"lives", LONG).await.expect("put");
        // As of several servers: calls over one connection would reach the store in order.
        let servers = [
            store,
            connect(started.url()).await,
            connect(started.url()).await,
            connect(started.url()).await,
        ];
        let mut calls = JoinSet::new();
        for call in 0..100 {
            let store = servers[call % servers.len()].clone();
            let record = format!("record of {call}").into_bytes();
            calls.spawn(async move {
                let rotation = store
                    .rotate("rotation", &record, LONG, "family", "successor")
                    .await;
                (record, rotation.expect("the store answers"))
            });
        }
        let outcomes = calls.join_all().await;
        let winners: Vec<_> = outcomes
            .iter()
            .filter(|(_, rotation)| rotation.won)
            .collect();
        assert_eq!(winners.len(), 1);
        let committed = &winners[0].0;
        assert!(
            outcomes
                .iter()
                .all(|(_, rotation)| rotation.record == *committed)
        );
        assert!(
            outcomes
                .iter()
                .all(|(_, rotation)| rotation.family.as_deref() == Some(b"lives"))
        );
        assert!(
            outcomes
                .iter()
                .all(|(_, rotation)| !rotation.successor_exists)
        );
    }
}

#[tokio::test]
async fn a_rotation_tells_whether_the_family_lives_and_the_successor_was_used() {
    for (_started, store) in stores().await {
        let first = store
            .rotate("family.1", b"r1", LONG, "family", "family.2")
            .await
            .expect("answered");
        assert_eq!(
            (first.won, first.family, first.successor_exists),
            (true, None, false)
        );
        store
            .rotate("family.2", b"r2", LONG, "family", "family.3")
            .await
            .expect("answered");
        let replay = store
            .rotate("family.1", b"other", LONG, "family", "family.2")
            .await
            .expect("answered");
        assert_eq!(
            (replay.won, replay.record, replay.successor_exists),
            (false, b"r1".to_vec(), true)
        );
    }
}
