//! What gives no event is kept, said with its place, and sent through again once mended; a clock
//! that is ten years off costs nothing.

use std::fs;

use crate::world::{Api, Plan, World, until};

const SOURCE: &str = "[[source]]\nid = \"zutritt\"\nmapping = \"zutritt\"\nsite = \"hq\"\n\
                      trust = \"token\"\n";

fn write_mapping(world: &World, time_column: &str) {
    let folder = world.path("content/mappings/zutritt");
    fs::create_dir_all(&folder).unwrap();
    let text = format!(
        "format = 1\nname = \"zutritt\"\nextends = \"pacs-csv\"\n[csv]\n\
         columns = {{ time = {time_column:?}, badge = \"Karte\", door = \"Tuer\" }}\n\
         optional = []\n"
    );
    fs::write(folder.join("mapping.toml"), text).unwrap();
}

#[tokio::test]
async fn a_wrong_csv_header_is_a_dead_letter_that_a_mended_mapping_makes_events_of() {
    let world = World::with(Plan { sources: SOURCE.into(), ..Plan::default() });
    write_mapping(&world, "Zeit");
    let token = world.root();
    let server = world.start().await;
    let api = Api::to(&server, &token);
    let csv = "Karte,Zeitpunkt,Tuer\nB-1,2026-11-22T08:00:00Z,d-0001\n\
               B-2,2026-11-22T08:01:00Z,d-0002\n";
    assert_eq!(api.take("zutritt", "text/csv", csv).await["accepted"], 2);
    let letters = until("both rows are dead letters", async || {
        let letters = api.get("/v1/dead-letters?source=zutritt&status=open").await;
        (letters.as_array().unwrap().len() == 2).then_some(letters)
    })
    .await;
    for letter in letters.as_array().unwrap() {
        assert_eq!(letter["code"], "csv_header", "{letter}");
        assert_eq!(letter["mapping"], "zutritt");
        assert!(letter["reason"].as_str().unwrap().contains("`Zeit`"), "{letter}");
        assert_eq!(letter["position"]["line"], 1, "{letter}");
        assert!(letter["position"]["column"].is_u64(), "{letter}");
    }
    assert_eq!(api.count("SELECT count(*) FROM events WHERE source = 'zutritt'").await, 0);
    api.until_account(["normalise", "zutritt", "rejected", "csv_header"], 2).await;

    // Sent again while nothing is mended: still two letters, still open, never dropped.
    let rerun = serde_json::json!({"source": "zutritt"});
    assert_eq!(api.post("/v1/dead-letters/rerun", &rerun).await.body["sent"], 2);
    api.settled().await;
    until("the two newer letters stand for the two older ones", async || {
        let open = api.get("/v1/dead-letters?source=zutritt&status=open").await;
        (open.as_array().unwrap().len() == 2).then_some(())
    })
    .await;
    server.stop().await;

    write_mapping(&world, "Zeitpunkt");
    let server = world.start().await;
    let api = Api::to(&server, &token);
    assert_eq!(api.post("/v1/dead-letters/rerun", &rerun).await.body["sent"], 2);
    let events = "SELECT count(DISTINCT seq) FROM events WHERE source = 'zutritt'";
    api.until_count(events, 2).await;
    until("no letter is left open", async || {
        let open = api.get("/v1/dead-letters?source=zutritt&status=open").await;
        open.as_array().unwrap().is_empty().then_some(())
    })
    .await;
    assert_eq!(api.post("/v1/dead-letters/rerun", &rerun).await.body["sent"], 0);
    let people = "SELECT DISTINCT person FROM events WHERE source = 'zutritt' ORDER BY person";
    assert_eq!(format!("{:?}", api.sql(people).await), r#"[[String("ana")], [String("ben")]]"#);
    server.stop().await;
}

#[tokio::test]
async fn a_clock_ten_years_off_keeps_the_event_and_what_it_claimed() {
    let world = World::new();
    let token = world.root();
    let server = world.start().await;
    let api = Api::to(&server, &token);
    let csv = "time,badge,door,result\n2010-01-02T03:04:05Z,B-1,d-0000,granted\n\
               2046-01-02T03:04:05Z,B-2,d-0000,granted\n";
    assert_eq!(api.take("doors", "text/csv", csv).await["accepted"], 2);
    let absurd = "SELECT json_text(ocsf, 'metadata.original_time') AS claimed, \
                  time = received_at AS is_received FROM events \
                  WHERE class_uid = 4230001 ORDER BY seq";
    let rows = until("both are events", async || {
        let rows = api.sql(absurd).await;
        (rows.len() == 2).then_some(rows)
    })
    .await;
    for (row, year) in rows.iter().zip(["2010", "2046"]) {
        assert!(row[0].as_str().is_some_and(|claimed| claimed.contains(year)), "{rows:?}");
        assert_eq!(row[1], true, "{rows:?}");
    }
    api.until_account(["normalise", "doors", "kept", ""], 2).await;
    server.stop().await;
}

#[tokio::test]
async fn a_mapping_that_does_not_compile_never_goes_into_force() {
    let world = World::new();
    let token = world.root();
    let server = world.start().await;
    let api = Api::to(&server, &token);
    let problems = async || {
        let status = api.get("/v1/status").await;
        status["content_problems"].as_array().unwrap().clone()
    };
    assert!(problems().await.is_empty());

    world.write_content(". = {{ not a program");
    let told = until("the mistake is told", async || {
        let told = problems().await;
        (!told.is_empty()).then_some(told)
    })
    .await;
    assert!(told[0].as_str().unwrap().starts_with("probe/map.vrl:1:"), "{told:?}");
    api.take("app", "application/x-ndjson", "{\"marker\": \"a\", \"user\": \"ana\"}\n").await;
    api.until_count("SELECT count(*) FROM events WHERE source = 'app'", 1).await;

    world.write_content(crate::world::PROBE_PROGRAM);
    until("it is in force again", async || problems().await.is_empty().then_some(())).await;
    server.stop().await;

    world.write_content(". = {{ not a program");
    assert!(world.refused().contains("probe/map.vrl:1:"), "a start does not take it either");
}
