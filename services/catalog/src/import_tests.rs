//! The rules of an import, and a model: importing the same items again, in any pieces, changes
//! nothing.

use proptest::prelude::*;

use super::*;

const NOW: Timestamp = Timestamp::from_micros(1_000);

fn money(currency: &str, minor: i64) -> Money {
    Money::new(currency.parse().unwrap(), minor)
}

fn item(key: &str, skus: &[(&str, &[i64])]) -> Item {
    let price = |minor: &i64| ItemPrice {
        amount: money("GBP", *minor),
        channel: String::new(),
        metadata: Labels::new(),
        effective_time: None,
        is_default: false,
        audience: None,
    };
    let variants = skus.iter().map(|(sku, prices)| ItemVariant {
        sku: (*sku).to_owned(),
        title: String::new(),
        attributes: Labels::new(),
        metadata: Labels::new(),
        prices: prices.iter().map(price).collect(),
    });
    Item {
        external_key: key.to_owned(),
        title: format!("Product {key}"),
        description: String::new(),
        state: State::Active,
        labels: Labels::new(),
        metadata: Labels::new(),
        variants: variants.collect(),
    }
}

/// Adds what a plan writes to what was present before.
fn after(mut present: Present, plan: &Plan) -> Present {
    for product in &plan.products {
        present.products.insert(product.id, PresentProduct { state: product.state, variants: 0 });
    }
    for variant in &plan.variants {
        present.products.get_mut(&variant.product).unwrap().variants += 1;
        assert!(
            present.variants.insert(variant.sku.clone(), (variant.id, variant.product)).is_none()
        );
    }
    for price in &plan.prices {
        let new = PresentPrice {
            variant: price.variant,
            amount: price.amount,
            channel: price.channel.clone(),
            audience: price.audience,
        };
        assert!(present.prices.insert(price.id, new).is_none());
        if price.is_default {
            assert!(present.defaults.insert((price.variant, market(price))));
        }
    }
    present
}

/// What a price can be the default of, beside its variant.
fn market(price: &Price) -> Market {
    (price.amount.currency, price.channel.clone())
}

fn reason_of(outcome: &Outcome) -> &str {
    match outcome {
        Outcome::Failed(refusal) => refusal.reason.as_str_name(),
        other => panic!("it was taken: {other:?}"),
    }
}

#[test]
fn a_new_item_is_created_and_its_first_price_is_the_default() {
    let plan = plan(&[Ok(item("rug", &[("RUG-1", &[500, 400, 500])]))], Present::default(), NOW);
    let product = product_id("rug");
    assert_eq!(
        plan.outcomes,
        [("rug".to_owned(), Outcome::Created { product, variants: 1, prices: 2 })]
    );
    let defaults: Vec<bool> = plan.prices.iter().map(|price| price.is_default).collect();
    assert_eq!(defaults, [true, false]);
}

#[test]
fn the_price_that_is_marked_is_the_default_of_its_currency() {
    let mut rug = item("rug", &[("RUG-1", &[500, 400])]);
    rug.variants[0].prices[1].is_default = true;
    rug.variants[0].prices.push(ItemPrice {
        amount: money("EUR", 600),
        channel: String::new(),
        metadata: Labels::new(),
        effective_time: None,
        is_default: false,
        audience: None,
    });
    let plan = plan(&[Ok(rug)], Present::default(), NOW);
    let defaults: Vec<bool> = plan.prices.iter().map(|price| price.is_default).collect();
    assert_eq!(defaults, [false, true, true]);
}

/// The audience of each price of a plan, and whether it is a default.
fn audiences(plan: &Plan) -> Vec<(PriceAudience, bool)> {
    plan.prices.iter().map(|price| (price.audience, price.is_default)).collect()
}

#[test]
fn only_the_default_is_public_unless_the_item_says_so() {
    use PriceAudience::{Public, Restricted, WhileDefault};
    let mut rug = item("rug", &[("RUG-1", &[500, 400, 300, 200])]);
    rug.variants[0].prices[0].audience = Some(Restricted);
    rug.variants[0].prices[3].audience = Some(Public);
    let first = plan(&[Ok(rug)], Present::default(), NOW);
    assert_eq!(
        audiences(&first),
        [(Restricted, false), (WhileDefault, true), (WhileDefault, false), (Public, false)]
    );

    let present = after(Present::default(), &first);
    let mut more = item("rug", &[("RUG-1", &[100])]);
    more.variants[0].prices[0].is_default = true;
    assert_eq!(audiences(&plan(&[Ok(more)], present, NOW)), [(WhileDefault, false)]);
}

#[test]
fn a_restricted_price_is_never_made_the_default() {
    let restricted = |prices: &[i64]| {
        let mut rug = item("rug", &[("RUG-1", prices)]);
        rug.variants[0].prices[0].audience = Some(PriceAudience::Restricted);
        rug
    };
    let first = plan(&[Ok(restricted(&[500]))], Present::default(), NOW);
    assert_eq!(audiences(&first), [(PriceAudience::Restricted, false)]);
    let present = after(Present::default(), &first);

    let mut known = item("rug", &[("RUG-1", &[500, 400])]);
    known.variants[0].prices[0].is_default = true;
    let mut repeated = restricted(&[500, 500]);
    repeated.variants[0].prices[1].is_default = true;
    for (item, present, field) in [
        (known, present.clone(), "variants[0].prices[0].is_default"),
        (repeated, Present::default(), "variants[0].prices[1].is_default"),
    ] {
        let plan = plan(&[Ok(item)], present, NOW);
        let Outcome::Failed(refusal) = &plan.outcomes[0].1 else { panic!("it was taken") };
        assert_eq!((refusal.reason, &*refusal.field), (ErrorReason::PriceRestricted, field));
        assert!(plan.prices.is_empty());
    }

    let next = plan(&[Ok(item("rug", &[("RUG-1", &[500, 400])]))], present, NOW);
    assert_eq!(audiences(&next), [(PriceAudience::WhileDefault, true)]);
}

#[test]
fn a_known_item_gets_what_it_lacks_and_keeps_its_default() {
    let first = plan(&[Ok(item("rug", &[("RUG-1", &[500])]))], Present::default(), NOW);
    let present = after(Present::default(), &first);
    let mut more = item("rug", &[("RUG-1", &[500, 450]), ("RUG-2", &[900])]);
    more.variants[0].prices[1].is_default = true;
    let second = plan(&[Ok(more)], present, NOW);
    let product = product_id("rug");
    assert_eq!(second.outcomes[0].1, Outcome::Extended { product, variants: 1, prices: 2 });
    assert!(second.products.is_empty());
    let defaults: Vec<(&str, bool)> =
        second.prices.iter().map(|price| (&*price.sku, price.is_default)).collect();
    assert_eq!(defaults, [("RUG-1", false), ("RUG-2", true)]);
}

#[test]
fn a_bad_item_is_refused_whole_and_stops_no_other() {
    let refusal = refuse(ErrorReason::InvalidItem, "title".into(), "must have 1 to 200 characters");
    let items = [
        Ok(item("a", &[("A-1", &[1])])),
        Err(("b".to_owned(), refusal)),
        Ok(item("c", &[("C-1", &[1]), ("A-1", &[2])])),
        Ok(item("d", &[("D-1", &[1]), ("D-1", &[2])])),
        Ok(item("e", &[("C-1", &[1])])),
    ];
    let plan = plan(&items, Present::default(), NOW);
    assert_eq!(reason_of(&plan.outcomes[1].1), "ERROR_REASON_INVALID_ITEM");
    assert_eq!(reason_of(&plan.outcomes[2].1), "ERROR_REASON_SKU_EXISTS");
    assert_eq!(reason_of(&plan.outcomes[3].1), "ERROR_REASON_DUPLICATE");
    // Nothing of the third item was kept, so its first sku is free.
    assert!(matches!(plan.outcomes[4].1, Outcome::Created { variants: 1, prices: 1, .. }));
    let skus: Vec<&str> = plan.variants.iter().map(|variant| &*variant.sku).collect();
    assert_eq!(skus, ["A-1", "C-1"]);
}

#[test]
fn two_defaults_in_one_currency_are_refused_with_their_place() {
    let mut rug = item("rug", &[("RUG-1", &[500, 400])]);
    rug.variants[0].prices.iter_mut().for_each(|price| price.is_default = true);
    let plan = plan(&[Ok(rug)], Present::default(), NOW);
    let Outcome::Failed(refusal) = &plan.outcomes[0].1 else { panic!("it was taken") };
    assert_eq!(refusal.field, "variants[0].prices[1].is_default");
}

#[test]
fn each_channel_has_a_default_of_its_own() {
    let mut rug = item("rug", &[("RUG-1", &[500, 500, 400])]);
    rug.variants[0].prices[1].channel = "b2b".into();
    rug.variants[0].prices[2].channel = "b2b".into();
    let plan = plan(&[Ok(rug)], Present::default(), NOW);
    let defaults: Vec<(&str, i64, bool)> = plan
        .prices
        .iter()
        .map(|price| (&*price.channel, price.amount.minor, price.is_default))
        .collect();
    assert_eq!(defaults, [("", 500, true), ("b2b", 500, true), ("b2b", 400, false)]);
}

#[test]
fn a_default_that_was_cleared_stays_so_until_there_is_a_new_price() {
    let mut rug = item("rug", &[("RUG-1", &[500])]);
    rug.variants[0].prices[0].is_default = true;
    let first = plan(&[Ok(rug.clone())], Present::default(), NOW);
    let mut present = after(Present::default(), &first);
    present.defaults.clear();

    let again = plan(&[Ok(rug)], present.clone(), NOW);
    assert_eq!(again.outcomes[0].1, Outcome::Unchanged { product: product_id("rug") });
    let more = plan(&[Ok(item("rug", &[("RUG-1", &[500, 450])]))], present, NOW);
    assert_eq!(audiences(&more), [(PriceAudience::WhileDefault, true)]);
}

#[test]
fn a_price_id_that_somebody_took_for_another_price_is_refused() {
    let mut present = Present::default();
    let id = price::imported_id("RUG-1", money("GBP", 500), "");
    let other = PresentPrice {
        variant: variant::imported_id("OTHER"),
        amount: money("GBP", 1),
        channel: String::new(),
        audience: PriceAudience::Public,
    };
    present.prices.insert(id, other);
    let plan = plan(&[Ok(item("rug", &[("RUG-1", &[500])]))], present, NOW);
    assert_eq!(reason_of(&plan.outcomes[0].1), "ERROR_REASON_PRICE_EXISTS");
    assert!(plan.products.is_empty() && plan.variants.is_empty());
}

#[test]
fn a_product_never_has_more_variants_than_it_may() {
    let skus: Vec<String> = (0..=MAX_VARIANTS).map(|number| format!("S-{number}")).collect();
    let variants: Vec<(&str, &[i64])> = skus.iter().map(|sku| (sku.as_str(), &[][..])).collect();
    let refused = plan(&[Ok(item("a", &variants))], Present::default(), NOW);
    assert_eq!(reason_of(&refused.outcomes[0].1), "ERROR_REASON_TOO_MANY_VARIANTS");
    let taken = plan(
        &[Ok(item("a", &variants[1..])), Ok(item("a", &variants[..1]))],
        Present::default(),
        NOW,
    );
    assert_eq!(taken.variants.len(), MAX_VARIANTS);
    assert_eq!(reason_of(&taken.outcomes[1].1), "ERROR_REASON_TOO_MANY_VARIANTS");
}

/// Prices, some of which say who they are for.
fn prices() -> impl Strategy<Value = Vec<ItemPrice>> {
    use PriceAudience::{Public, Restricted};
    let audience = prop::sample::select(vec![None, Some(Public), Some(Restricted)]);
    let channel = prop::sample::select(vec!["", "b2b"]);
    let price = (1i64..4, channel, audience).prop_map(|(minor, channel, audience)| ItemPrice {
        amount: money("GBP", minor),
        channel: channel.to_owned(),
        metadata: Labels::new(),
        effective_time: None,
        is_default: false,
        audience,
    });
    prop::collection::vec(price, 0..4)
}

fn items() -> impl Strategy<Value = Vec<Item>> {
    let variant = (0usize..6, prices());
    let item = (0usize..4, prop::collection::vec(variant, 0..4));
    prop::collection::vec(item, 0..12).prop_map(|all| {
        let named = all.into_iter().map(|(key, variants)| {
            let skus: Vec<String> = variants.iter().map(|(sku, _)| format!("S{sku}")).collect();
            let without_prices: Vec<(&str, &[i64])> =
                skus.iter().map(|sku| (sku.as_str(), &[][..])).collect();
            let mut item = self::item(&format!("k{key}"), &without_prices);
            for (variant, (_, prices)) in item.variants.iter_mut().zip(variants) {
                variant.prices = prices;
            }
            item
        });
        named.collect()
    })
}

proptest! {
    #[test]
    fn a_repeat_changes_nothing_and_pieces_come_to_the_same(all in items(), cut in 0usize..12) {
        let reads: Vec<Read> = all.into_iter().map(Ok).collect();
        let at_once = plan(&reads, Present::default(), NOW);
        let present = after(Present::default(), &at_once);

        let again = plan(&reads, present.clone(), NOW);
        prop_assert!(again.products.is_empty() && again.variants.is_empty() && again.prices.is_empty());
        for ((_, first), (_, second)) in at_once.outcomes.iter().zip(&again.outcomes) {
            prop_assert_eq!(matches!(first, Outcome::Failed(_)), matches!(second, Outcome::Failed(_)));
        }

        let (head, tail) = reads.split_at(cut.min(reads.len()));
        let first = plan(head, Present::default(), NOW);
        let second = plan(tail, after(Present::default(), &first), NOW);
        let outcomes: Vec<_> = first.outcomes.iter().chain(&second.outcomes).cloned().collect();
        prop_assert_eq!(&outcomes, &at_once.outcomes);
        let ids = |plans: &[&Plan]| -> Vec<(PriceId, bool)> {
            plans.iter().flat_map(|plan| &plan.prices).map(|price| (price.id, price.is_default)).collect()
        };
        prop_assert_eq!(ids(&[&first, &second]), ids(&[&at_once]));

        // Every variant with a price in a currency and channel that is not restricted has exactly
        // one default there, which is for everyone.
        for price in &at_once.prices {
            let is_public = price.audience != PriceAudience::Restricted;
            let has_default = present.defaults.contains(&(price.variant, market(price)));
            prop_assert!(!is_public || has_default);
            prop_assert!(is_public || !price.is_default);
        }
    }
}
