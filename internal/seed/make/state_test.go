package make_test

import (
	"testing"

	"github.com/krowoc/krowoc/internal/seed"
	"github.com/krowoc/krowoc/internal/testkit"
)

// TestStatusesAndTimesAgree generates fields that a status, a flag or a check decides about, and times that are in order.
func TestStatusesAndTimesAgree(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		sdl       string
		questions []string
	}{
		"published": {`enum Status { DRAFT PUBLISHED ARCHIVED } type Item @table { status: Status! @default(value: DRAFT) publishedAt: DateTime archivedAt: DateTime createdAt: DateTime! updatedAt: DateTime! }`,
			[]string{
				"bool_and((published_at IS NULL) = (status = 'DRAFT')) AND count(published_at) > 50",
				"bool_and((archived_at IS NOT NULL) = (status = 'ARCHIVED')) AND count(archived_at) > 20",
				"bool_and(created_at <= updated_at AND created_at <= published_at AND published_at <= archived_at AND archived_at <= updated_at)",
			}},
		"a job": {`enum State { PENDING RUNNING DONE FAILED CANCELLED } type Item @table { state: State! startedAt: DateTime finishedAt: DateTime completedAt: DateTime failedAt: DateTime cancelledAt: DateTime error: String errorMessage: String failureReason: String durationMs: Int }`,
			[]string{
				"bool_and(state IN ('PENDING', 'CANCELLED') OR started_at IS NOT NULL) AND bool_and(state <> 'PENDING' OR started_at IS NULL)",
				"bool_and((finished_at IS NOT NULL) = (state IN ('DONE', 'FAILED', 'CANCELLED'))) AND bool_and((duration_ms IS NOT NULL) = (finished_at IS NOT NULL))",
				"bool_and((completed_at IS NOT NULL) = (state = 'DONE')) AND bool_and((cancelled_at IS NOT NULL) = (state = 'CANCELLED'))",
				"bool_and((state = 'FAILED') = (failed_at IS NOT NULL) AND (state = 'FAILED') = (error IS NOT NULL) AND (state = 'FAILED') = (error_message IS NOT NULL) AND (state = 'FAILED') = (failure_reason IS NOT NULL))",
				"bool_and(started_at <= finished_at)",
			}},
		"an order": {`enum OrderStatus { PENDING PAID SHIPPED DELIVERED CANCELED REFUNDED } type User @table { name: String! }
			type Item @table { orderStatus: OrderStatus! paidAt: DateTime shippedAt: DateTime deliveredAt: DateTime refundedAt: DateTime cancelReason: String canceledBy: User createdAt: DateTime! @default(sql: "now()") }`,
			[]string{
				"bool_and((paid_at IS NULL) = (order_status IN ('PENDING', 'CANCELED')))",
				"bool_and((cancel_reason IS NULL) = (order_status <> 'CANCELED') AND (canceled_by_id IS NULL) = (order_status <> 'CANCELED'))",
				"bool_and(created_at <= paid_at AND paid_at <= shipped_at AND shipped_at <= delivered_at AND delivered_at <= refunded_at)",
				"count(DISTINCT created_at) > 200 AND count(delivered_at) > 20",
			}},
		"flags": {`type User @table { name: String! } type Item @table { isArchived: Boolean! archivedAt: DateTime verified: Boolean @default(value: false) verifiedAt: DateTime deletedAt: DateTime deletedBy: User deletionReason: String }`,
			[]string{
				"bool_and(is_archived = (archived_at IS NOT NULL)) AND count(archived_at) BETWEEN 50 AND 250",
				"bool_and(coalesce(verified, false) = (verified_at IS NOT NULL)) AND count(verified_at) > 20",
				"bool_and((deleted_at IS NULL) = (deleted_by_id IS NULL)) AND count(deleted_at) > 5",
			}},
		"a status and a flag": {`enum Status { ACTIVE ARCHIVED } type Item @table { status: Status! archived: Boolean! archivedAt: DateTime }`,
			[]string{"bool_and((status = 'ARCHIVED') = archived AND archived = (archived_at IS NOT NULL))"}},
		"checks win": {`enum Status { DRAFT PUBLISHED ARCHIVED } type Item @table @check(expr: "this.status == 'DRAFT' || this.archivedAt == null") @check(expr: "(this.status == 'ARCHIVED') == (this.note != null)") { status: Status! archivedAt: DateTime publishedAt: DateTime note: String }`,
			[]string{"bool_and((published_at IS NULL) = (status = 'DRAFT'))"}},
		"a check of times wins": {`type Item @table @check(expr: "this.updatedAt < this.createdAt") { createdAt: DateTime! updatedAt: DateTime! }`,
			[]string{"count(*) = 300"}},
		"checks in SQL win": {`enum Status { DRAFT PUBLISHED ARCHIVED } type Item @table @check(sql: "status = 'DRAFT' OR archived_at IS NULL") { status: Status! archivedAt: DateTime publishedAt: DateTime }`,
			[]string{"count(*) = 300"}},
		"periods": {`type Item @table { startsAt: DateTime! endsAt: DateTime! validFrom: Date! validTo: Date start: Date! end: Date! trialStart: DateTime trialEnd: DateTime dateOfBirth: Date! createdAt: DateTime! }`,
			[]string{"bool_and(starts_at < ends_at AND valid_from < valid_to AND start < \"end\" AND trial_start < trial_end AND date_of_birth < created_at)"}},
		"parents": {`type User @table { name: String! createdAt: DateTime! } type Item @table { owner: User parent: Item createdAt: DateTime! code: String! @unique }`,
			[]string{
				"bool_and(true) AND (SELECT bool_and(i.created_at >= u.created_at) FROM items i JOIN users u ON u.id = i.owner_id)",
				"bool_and(true) AND (SELECT bool_and(i.created_at >= p.created_at) AND count(*) > 50 FROM items i JOIN items p ON p.id = i.parent_id)",
			}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := parse(t, c.sdl)
			pool := built(t, s)
			for _, rows := range []int64{200, 300} {
				must(t)(seed.Load(t.Context(), making(t, pool, s, "", seed.Count{Rows: rows})))
			}
			for _, question := range c.questions {
				if got := testkit.Value(t, pool, "SELECT "+question+" FROM items"); got != "true" {
					t.Errorf("%s is %s", question, got)
				}
			}
		})
	}
}
