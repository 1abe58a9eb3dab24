# METADATA
# description: |
#   Several questions answered at once, for who wants to know what would be allowed before anything
#   is asked for, such as which tools to show. Each is judged as if it were asked alone.
# scope: package
# schemas:
#   - input: schema.evaluation_question
# related_resources:
#   - ref: https://openid.net/specs/authorization-api-1_0.html#name-access-evaluations-api
#     description: OpenID AuthZEN Authorization API 1.0, Access Evaluations API
package inbounds.evaluation

import data.inbounds.main

# METADATA
# title: Decisions
# description: The decision on each question, in their order
# entrypoint: true
decisions := [decision |
	some question in input.questions

	# regal ignore:with-outside-test-context,comprehension-term-assignment
	decision := main.decision with input as question
]
