//! Carries imports out, a group of items at a time: the import of a group, its results and the
//! progress of the operation are one transaction, so each item is imported once.

use std::pin::Pin;
use std::time::Duration;

use prost::Message;
use prost_types::Any;
use souk_chassis::{Drain, Host};
use souk_client::catalog::v1 as pb;
use souk_client::catalog::v1::catalog_service::ImportProducts;
use souk_contract::Method as _;
use souk_data::Isolation::{ReadCommitted, Serializable};
use souk_data::operation::{self, Ending, Model};
use souk_data::{Db, Tx};
use souk_operations::{any, canceled, carry_out};
use souk_types::{Clock, OperationId, Timestamp};

use crate::convert;
use crate::error::Error;
use crate::events::{self, Event};
use crate::import::{self, Read};
use crate::store::{import_groups, imports};

/// After how many failed items an error has no message any more, so that the response stays small
/// enough for a plain client.
const MAX_MESSAGES: i32 = 1_000;

/// How long items may be stored without an operation: longer than a call may last.
const ABANDONED: Duration = Duration::from_secs(60 * 60);

/// Returns the worker that carries imports out.
pub fn worker(host: &Host, db: &Db) -> impl Fn(Drain) -> Importing + Send + Sync + 'static {
    let clock = host.clock();
    let db = db.clone();
    move |drain| {
        let clock = clock.clone();
        let db = db.clone();
        Box::pin(async move {
            let step = |id| step(&db, &clock, id);
            carry_out(db.clone(), clock.clone(), ImportProducts::PATH, drain, step).await
        })
    }
}

type Importing = Pin<Box<dyn Future<Output = Result<(), Error>> + Send>>;

/// Returns the worker that deletes what streams left behind that broke off with their process.
pub fn retention(host: &Host, db: &Db) -> impl Fn(Drain) -> Importing + Send + Sync + 'static {
    let clock = host.clock();
    let db = db.clone();
    move |drain| {
        let clock = clock.clone();
        let db = db.clone();
        Box::pin(async move {
            loop {
                let before = OperationId::new(clock.now().minus(ABANDONED));
                db.write(ReadCommitted, before, delete_abandoned).await?;
                if !drain.pause(db.purge_interval()).await {
                    return Ok(());
                }
            }
        })
    }
}

async fn delete_abandoned(tx: &Tx, before: &OperationId) -> Result<(), Error> {
    import_groups::delete_abandoned(tx, *before).await
}

async fn step(db: &Db, clock: &Clock, id: OperationId) -> Result<(), Error> {
    db.write(Serializable, (id, clock.now()), take_step).await
}

/// Imports the next group, or ends the operation.
async fn take_step(tx: &Tx, &(id, now): &(OperationId, Timestamp)) -> Result<(), Error> {
    let Some(operation) = operation::find(tx, id).await? else { return Ok(()) };
    if operation.done_time.is_some() {
        return Ok(());
    }
    if operation.cancel_time.is_some() {
        import_groups::delete(tx, id).await?;
        return Ok(operation::finish(tx, id, &canceled(id), now).await?);
    }
    match import_groups::find(tx, id, operation.position).await? {
        Some(items) => import_group(tx, &operation, &items, now).await,
        None => {
            let results = import_groups::results(tx, id).await?;
            import_groups::delete(tx, id).await?;
            let type_url = "type.googleapis.com/souk.catalog.v1.ImportProductsResult".to_owned();
            let response = Any { type_url, value: results }.encode_to_vec();
            Ok(operation::finish(tx, id, &Ending::Response(response), now).await?)
        }
    }
}

/// Decides about a group and writes what is new, with its results.
async fn import_group(
    tx: &Tx,
    operation: &Model,
    items: &[u8],
    now: Timestamp,
) -> Result<(), Error> {
    let group = read(items, now)?;
    let mut progress = progress_of(operation)?;
    let present = imports::present(tx, &group).await?;

    let plan = import::plan(&group, present, now);

    imports::insert(tx, &plan, now).await?;
    let products = plan.products.iter().map(Event::ProductCreated);
    let variants = plan.variants.iter().map(Event::VariantCreated);
    let prices = plan.prices.iter().map(Event::PriceCreated);
    let created = products.chain(variants).chain(prices);
    events::append_all(tx, created, &operation.caller, now).await?;

    let mut results = vec![];
    for outcome in plan.outcomes {
        let mut result = convert::import_result(outcome);
        progress.done_count += 1;
        if let Some(error) = &mut result.error {
            progress.failed_count += 1;
            if progress.failed_count > MAX_MESSAGES {
                error.message.clear();
            }
        }
        results.push(result);
    }
    let results = pb::ImportProductsResult { results }.encode_to_vec();
    let id = operation.operation_id;
    let number = operation.position;
    import_groups::record(tx, id, number, &results).await?;
    Ok(operation::advance(tx, id, (number, number + 1), &any(&progress), now).await?)
}

/// Reads the items of a group, one after another.
fn read(mut items: &[u8], now: Timestamp) -> Result<Vec<Read>, Error> {
    let mut group = vec![];
    while !items.is_empty() {
        let item = pb::ImportedProduct::decode_length_delimited(&mut items);
        let item = item.map_err(|_| Error::Unreadable("an item of an import"))?;
        group.push(convert::import_item(item, now));
    }
    Ok(group)
}

fn progress_of(operation: &Model) -> Result<pb::ImportProductsMetadata, Error> {
    let any = Any::decode(operation.metadata.as_slice());
    let progress = any.and_then(|any| pb::ImportProductsMetadata::decode(any.value.as_slice()));
    progress.map_err(|_| Error::Unreadable("the progress of an import"))
}
